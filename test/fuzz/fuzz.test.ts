import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { evaluateSignedDocument } from '../../lib/artifact/documents/document-signatures.ts';
import { prepareKeyring } from '../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { verifyMessage } from '../../lib/crypto/openpgp/messages/verify-message.ts';
import { verifyArtifactBundle } from '../../lib/crypto/sigstore/verify-artifact-bundle.ts';
import { verifySigstoreBlob } from '../../lib/crypto/sigstore/verify-sigstore-blob.ts';
import { parsePolicyJson } from '../../lib/trust/policy/parse-policy-json.ts';
import { Draw, toStream } from './draw.ts';
import { readFailures, saveFailure } from './failures.ts';
import { judge, runTarget } from './run-target.ts';
import { readSignatureSeeds } from './seeds/read-seeds.ts';
import type { Failure, FuzzTarget, Outcome } from './target.ts';
import { createBundles } from './targets/bundles.ts';
import { createCertificates } from './targets/certificates.ts';
import { createDocuments } from './targets/documents.ts';
import { createPolicies } from './targets/policies.ts';
import { createSignatures } from './targets/signatures.ts';
import { createSigstore } from './targets/sigstore.ts';
import { readTarget, TARGETS } from './targets/table.ts';

const MAIN = path.join(import.meta.dirname, 'main.ts');
const folder = mkdtempSync(path.join(tmpdir(), 'signet-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function fuzz({ name, open }: FuzzTarget, end: number, seed = 1) {
  const failures: Failure[] = [];
  const onFailure = (failure: Failure): number => failures.push(failure);
  const counts = await runTarget(await open(), { name, seed, first: 0, step: 1, end, isOver: () => false, onFailure });
  return { counts, failures };
}

describe('every target', () => {
  test.each(TARGETS.map((target) => [target.name, target] as const))(
    '%s: no fault in its first inputs',
    async (_, target) => {
      const { counts, failures } = await fuzz(target, 400);
      expect(failures).toEqual([]);
      // Inputs that are all refused at their first octet would show nothing.
      expect(counts).toMatchObject({ inputs: 400, wrongAccepts: 0, exceptions: 0 });
      expect(counts.genuine).toBeGreaterThan(5);
    },
  );

  test('makes the same input of the same seed and iteration, and another of another', async () => {
    for (const target of TARGETS) {
      const [one, other] = [await target.open(), await target.open()];
      const make = (by: typeof one, seed: number, iteration: number): string =>
        Buffer.from(by.make(new Draw(seed, toStream(target.name), iteration))).toString('hex');
      const inputs = Array.from({ length: 20 }, (__, at) => make(one, 5, at));
      expect(Array.from({ length: 20 }, (__, at) => make(other, 5, at))).toEqual(inputs);
      expect(Array.from({ length: 20 }, (__, at) => make(one, 6, at))).not.toEqual(inputs);
      expect(new Set(inputs).size).toBeGreaterThan(10);
    }
  });

  test('seeds by keys that may sign are accepted, and no other', async () => {
    const { inputs, genuine } = readSignatureSeeds();
    const { check } = await createSignatures().open();
    const checked: Outcome[] = [];
    for (const { bytes } of inputs) checked.push(await check(Buffer.from(bytes, 'base64')));
    expect(checked.filter(({ kind }) => kind === 'genuine')).toHaveLength(genuine.length);
    expect(checked.filter(({ kind }) => kind === 'refused')).toHaveLength(inputs.length - genuine.length);
  });

  test('there is none of another name', () => {
    expect(() => readTarget('nothing')).toThrow('no fuzz target "nothing"; there are signatures, ');
  });
});

/** Verifiers that are wrong in one way. */
const PLANTED: readonly [name: string, kind: Failure['kind'], target: FuzzTarget][] = [
  [
    'a message whose content is not compared',
    'wrong accept',
    createSignatures((message, keyring, now) => {
      try {
        return verifyMessage(message, keyring, now);
      } catch {
        const [keys] = keyring.keysById.values();
        const signer = keys?.[0]?.certificate.fingerprint ?? '';
        const { content, signature } = message;
        const { createdAt } = signature;
        return {
          content,
          signer,
          signingKey: signer,
          createdAt,
          expiresAt: undefined,
          notes: [],
          isReadableByClusters: true,
          isOfClusterVersion: true,
        };
      }
    }),
  ],
  [
    'a message of version 3 throws',
    'exception',
    createSignatures((message, keyring, now) => {
      if (message.signature.version === 3) throw new RangeError('planted');
      return verifyMessage(message, keyring, now);
    }),
  ],
  [
    'a document whose signatures are all taken for good ones',
    'wrong accept',
    createDocuments((bytes, keyring, now) => {
      const { content, signatures } = evaluateSignedDocument(bytes, keyring, now);
      const good = { valid: true, signer: '', signingKey: '', createdAt: now, mode: 'binary' } as const;
      return { content, signatures: signatures.map((one) => (one.valid ? one : good)) };
    }),
  ],
  [
    'a blob that says that another key signed it',
    'wrong accept',
    createSigstore((blob, ...rest) => ({ ...verifySigstoreBlob(blob, ...rest), signer: 'SHA256:00' })),
  ],
  [
    'a time that no log stated',
    'wrong accept',
    createBundles((bytes, ...rest) => ({ ...verifyArtifactBundle(bytes, ...rest), times: [bytes.length] })),
  ],
  [
    'a revoked key that is taken for a good one',
    'wrong accept',
    createCertificates(async (name, file) => {
      const { keyring, warnings } = await prepareKeyring(name, file);
      const certificates = keyring.certificates.map(({ keys, ...certificate }) => ({
        ...certificate,
        keys: keys.map((key) => ({ ...key, revoked: undefined, notForSigning: undefined })),
      }));
      return { keyring: { ...keyring, certificates }, warnings };
    }),
  ],
  [
    'a policy that is taken for one that accepts anything',
    'wrong accept',
    createPolicies((document, content) => ({
      ...parsePolicyJson(document, content),
      transports: new Map(),
      default: [{ type: 'insecureAcceptAnything' }],
    })),
  ],
];

describe('a planted fault is found, made small and saved', () => {
  test.each(PLANTED)('%s', async (_, kind, target) => {
    const { counts, failures } = await fuzz(target, 200);
    const found = failures.find((failure) => failure.kind === kind);
    if (found === undefined) throw new Error(`not found in ${counts.inputs} inputs`);
    expect(kind === 'exception' ? counts.exceptions : counts.wrongAccepts).toBeGreaterThan(0);
    const { make, check } = await target.open();
    const whole = make(new Draw(1, toStream(target.name), found.iteration));
    expect(found.input.length).toBeLessThanOrEqual(whole.length);
    const read = readFailures(path.dirname(saveFailure(found, path.join(folder, kind)))).get(
      `${target.name}-1-${found.iteration}.json`,
    );
    expect(read).toEqual({ ...found, input: Buffer.from(found.input) });
    expect(await judge({ check }, read?.input ?? new Uint8Array())).toMatchObject({ kind });
  });
});

test('what was found once is not there any more', async () => {
  const targets = new Map(
    await Promise.all(TARGETS.map(async (target) => [target.name, await target.open()] as const)),
  );
  for (const [file, failure] of readFailures()) {
    const target = targets.get(failure.target);
    if (target === undefined) throw new Error(`${file}: there is no target ${failure.target}`);
    expect(await judge(target, failure.input), file).toBeUndefined();
  }
});

describe('npm run fuzz', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 110_000 });

  test('ends with the counts and the seed, the same for the same seed', () => {
    const [one, other] = [
      run('references', '--count', '300', '--seed', '9'),
      run('references', '--count', '300', '--seed', '9'),
    ];
    expect(one.status).toBe(0);
    const last = /^300 inputs, [0-9]+ accepted as genuine, 0 wrong accepts, 0 exceptions, seed 9$/m;
    expect(one.stdout).toMatch(last);
    expect(last.exec(other.stdout)?.[0]).toBe(last.exec(one.stdout)?.[0]);
  });

  test('-o json says the same to programs', () => {
    const { status, stdout } = run('references', '--count', '50', '--seed', '9', '-o', 'json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      seed: 9,
      inputs: 50,
      wrongAccepts: 0,
      targets: [{ target: 'references', failures: [] }],
    });
  });

  test.each([
    ['a target that there is not', ['nothing'], 'there is no target "nothing"'],
    ['a count that is no number', ['--count', 'x'], '--count: "x" is not a whole number below 2^32'],
    ['a flag that there is not', ['--fast'], "Unknown option '--fast'"],
    ['another form', ['-o', 'yaml'], '-o: "yaml" is not a form: write json'],
  ])('refuses %s', (_, args, fault) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(`fuzz: ${fault}`);
  });

  test('says what was done when it is interrupted', async () => {
    const child = spawn(process.execPath, [MAIN, 'references', '--seconds', '600', '--seed', '3'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const printed = text(child.stdout);
    // It says its seed when it listens for signals.
    await new Promise((resolve) => child.stderr.once('data', resolve));
    child.kill('SIGINT');
    expect(await printed).toMatch(
      /^[0-9]+ inputs, [0-9]+ accepted as genuine, 0 wrong accepts, 0 exceptions, seed 3$/m,
    );
    expect(await exited).toBe(130);
  });
});
