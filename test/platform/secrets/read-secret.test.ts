import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { describeError } from '../../../lib/platform/lambda/telemetry.ts';
import { createManagedSecret } from '../../../lib/platform/secrets/managed-secret.ts';
import { MAX_SECRET_BYTES, openSecret } from '../../../lib/platform/secrets/secret-source.ts';
import { type AwsAnswer, type AwsApi, startAwsApi } from '../../support/servers/start-aws-api.ts';

const SECRET = 'hush-hush-secret';
const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:webhooks-AbCdEf';

async function failureOf(read: () => Promise<string>): Promise<StoreError> {
  const error: unknown = await read().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof StoreError) return error;
  throw new Error(`no StoreError but ${String(error)}`);
}

describe('a file', () => {
  let folder = '';
  const at = (name: string): string => path.join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'signet-secret-'));
    await writeFile(at('secret'), `${SECRET} 🔑\n`);
    await writeFile(at('whole'), 'x'.repeat(MAX_SECRET_BYTES));
    await writeFile(at('long'), SECRET + 'x'.repeat(MAX_SECRET_BYTES));
    await mkdir(at('folder'));
    // As Kubernetes mounts secrets: a link to a link to a folder.
    await mkdir(at('..2026'));
    await writeFile(at('..2026/mounted'), SECRET);
    await symlink('..2026', at('..data'));
    await symlink('..data/mounted', at('mounted'));
    await symlink('nowhere', at('dangling'));
    await symlink('circle', at('circle'));
    execFileSync('mkfifo', [at('fifo')]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each<[name: string, file: string, text: string]>([
    ['as it is', 'secret', `${SECRET} 🔑\n`],
    ['through links', 'mounted', SECRET],
    ['of the longest', 'whole', 'x'.repeat(MAX_SECRET_BYTES)],
  ])('is read %s', async (_, file, text) => {
    expect(await openSecret(at(file), outOfBounds)()).toBe(text);
  });

  test('is read anew each time', async () => {
    const read = openSecret(at('turned'));
    expect((await failureOf(read)).code).toBe('NotFound');
    await writeFile(at('turned'), '1');
    expect(await read()).toBe('1');
    await writeFile(at('turned'), '2');
    expect(await read()).toBe('2');
  });

  test.each<[name: string, file: string, code: string]>([
    ['absent', 'absent', 'NotFound'],
    ['a link to nothing', 'dangling', 'NotFound'],
    ['a link to itself', 'circle', 'NotFound'],
    ['a directory', 'folder', 'BodyInvalid'],
    ['a FIFO, which has no end', 'fifo', 'BodyInvalid'],
    ['a byte too long', 'long', 'BodyInvalid'],
  ])('is refused: %s', async (_, file, code) => {
    const error = await failureOf(openSecret(at(file), outOfBounds));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(at(file))]);
    expect(JSON.stringify(describeError(error))).not.toContain(SECRET);
  });
});

describe('a secret of Secrets Manager', () => {
  let api: AwsApi | undefined;
  afterEach(async () => {
    vi.unstubAllEnvs();
    await api?.close();
  });

  async function openManaged(answer: AwsAnswer): Promise<() => Promise<string>> {
    api = await startAwsApi(() => answer);
    const { client } = api;
    return openSecret(ARN, (arn) => createManagedSecret(arn, new SecretsManagerClient(client)));
  }

  test('is asked for by its ARN', async () => {
    const read = await openManaged({ body: JSON.stringify({ ARN, Name: 'webhooks', SecretString: SECRET }) });
    expect([await read(), await read()]).toEqual([SECRET, SECRET]);
    expect(api?.requests).toEqual(
      Array.from({ length: 2 }, () => ({
        target: 'secretsmanager.GetSecretValue',
        contentType: 'application/x-amz-json-1.1',
        body: JSON.stringify({ SecretId: ARN }),
      })),
    );
  });

  test('is asked for where the environment says, by the client of a function', async () => {
    api = await startAwsApi(() => ({ body: JSON.stringify({ ARN, SecretString: SECRET }) }));
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', api.client.endpoint);
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test-secret');
    expect(await openSecret(ARN)()).toBe(SECRET);
  });

  const fault = (status: number, type: string, message: string): AwsAnswer => ({
    status,
    body: JSON.stringify({ __type: type, message }),
  });
  test.each<[name: string, answer: AwsAnswer, code: string]>([
    ['none of that name', fault(400, 'ResourceNotFoundException', 'can’t find it'), 'ConnectionFailed'],
    ['not granted', fault(400, 'AccessDeniedException', 'not authorized'), 'ConnectionFailed'],
    ['marked for deletion', fault(400, 'InvalidRequestException', 'deleted'), 'ConnectionFailed'],
    ['a failure of theirs', { status: 500, body: '' }, 'ConnectionFailed'],
    ['HTML with 200', { body: `<html>${SECRET}</html>` }, 'ConnectionFailed'],
    ['half an answer', { body: `{"SecretString":"${SECRET}"` }, 'ConnectionFailed'],
    ['an answer that is broken at the secret', { body: `{"SecretString":"a"${SECRET}}` }, 'ConnectionFailed'],
    ['no answer', 'silence', 'ConnectionFailed'],
    ['bytes instead of text', { body: JSON.stringify({ ARN, SecretBinary: btoa(SECRET) }) }, 'BodyInvalid'],
    ['nothing', { body: '{}' }, 'BodyInvalid'],
  ])('is a failure that names it, and nothing of it: %s', async (_, answer, code) => {
    const error = await failureOf(await openManaged(answer));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(ARN)]);
    expect(JSON.stringify(describeError(error))).not.toContain('hush');
  });

  test.each(['secret', './arn:aws', 'arn:aws:ssm:us-east-1:1:parameter/x', 'file:arn:aws:secretsmanager:x'])(
    'is not meant by %s',
    async (location) => {
      expect((await failureOf(openSecret(location, outOfBounds))).message).toContain('secret file');
    },
  );
});

function outOfBounds(): never {
  throw new Error('Secrets Manager was asked');
}
