import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { loadTrust } from '../../lib/trust/source/load-trust.ts';
import { type DocumentPublisher, publishDocuments } from '../../local/publish-documents.ts';
import { FIXTURE_TRUST } from '../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { until } from '../support/until.ts';
import { IMAGE_POLICY } from '../trust/sample-documents.ts';

const LOOK_MS = 10;
let trust = '';
let publisher: DocumentPublisher | undefined;

beforeEach(async () => {
  trust = await mkdtemp(path.join(tmpdir(), 'signet-documents-'));
  for (const profile of ['a', 'b'])
    await cp(path.join(FIXTURE_TRUST, 'ocp'), path.join(trust, profile), { recursive: true });
  for (const profile of ['a', 'b']) await writeProfile(profile, '');
});
afterEach(async () => {
  await publisher?.close();
  await rm(trust, { recursive: true });
});

async function writeProfile(name: string, comment: string): Promise<void> {
  const head = `apiVersion: signet/v1\nkind: Profile\nmetadata: {name: ${name}}\n`;
  const spec = 'spec: {canonicalRepositories: [quay.io/openshift-release-dev/ocp-release]}\n';
  await writeWhole(path.join(trust, name, 'profile.yaml'), `${head}${spec}# ${comment}\n`);
}

/** Whole at once: a look meanwhile would find a file that is empty, or half of it. */
async function writeWhole(file: string, text: string): Promise<void> {
  const aside = path.join(trust, `${path.basename(file)}.aside`);
  await writeFile(aside, text);
  await rename(aside, file);
}

const breakProfile = (name: string): Promise<void> => writeFile(path.join(trust, name, 'broken.yaml'), 'kind: [');
const mendProfile = (name: string): Promise<void> => rm(path.join(trust, name, 'broken.yaml'));

function record(): { telemetry: Telemetry; lines: string[] } {
  const lines: string[] = [];
  const telemetry: Telemetry = {
    ...createKeptTelemetry(),
    log: (level, message, fields) => {
      lines.push(`${level} ${String(fields?.['profile'])}: ${message}`);
    },
  };
  return { telemetry, lines };
}

describe('at the start', () => {
  test('a broken profile without a revision ends it, and is named', async () => {
    await breakProfile('b');
    await expect(publishDocuments(trust, createMemoryObjectStore(), record().telemetry)).rejects.toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        message: expect.stringMatching(/^b: broken\.yaml/) as string,
      }),
    );
  });

  test('a broken profile goes on with the revision it has', async () => {
    const objects = createMemoryObjectStore();
    await (await publishDocuments(trust, objects, record().telemetry)).close();
    await breakProfile('a');
    const { telemetry, lines } = record();
    publisher = await publishDocuments(trust, objects, telemetry, LOOK_MS);
    expect(publisher.profiles).toEqual(['a', 'b']);
    expect(lines[0]).toMatch(/^error a: trust not published/);
    await mendProfile('a');
    await until(() => lines.includes('info a: trust published'));
  });
});

describe('while it runs', () => {
  test('a bad profile stops no other, and is said once', async () => {
    const { telemetry, lines } = record();
    publisher = await publishDocuments(trust, createMemoryObjectStore(), telemetry, LOOK_MS);
    lines.length = 0;
    await breakProfile('a');
    await until(() => lines.length > 0);
    await writeProfile('b', 'changed');
    await until(() => lines.length > 1);
    await new Promise((resolve) => setTimeout(resolve, 5 * LOOK_MS));
    expect(lines).toEqual([expect.stringMatching(/^error a: /), 'info b: trust published']);
  });

  test('what could not be written is tried again', async () => {
    const objects = createMemoryObjectStore();
    let isDown = false;
    const failing: ObjectStore = {
      ...objects,
      readObject: async (...args) => {
        if (isDown) throw new StoreError('Unavailable', 'the store is down');
        return await objects.readObject(...args);
      },
    };
    const { telemetry, lines } = record();
    publisher = await publishDocuments(trust, failing, telemetry, LOOK_MS);
    lines.length = 0;
    isDown = true;
    await writeProfile('a', 'changed');
    await until(() => lines.length > 0);
    isDown = false;
    await until(() => lines.length > 1);
    expect(lines).toEqual([expect.stringMatching(/^error a: /), 'info a: trust published']);
  });

  // A copy, an editor or a checkout writes one file after the other, and takes one away before it is there again.
  test('what one look found alone is not published', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const { telemetry, lines } = record();
      publisher = await publishDocuments(trust, createMemoryObjectStore(), telemetry, LOOK_MS);
      lines.length = 0;
      await rm(path.join(trust, 'a/profile.yaml'));
      vi.advanceTimersByTime(LOOK_MS);
      // It ends with the look that has begun.
      await publisher.close();
      expect(lines).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a document that was emptied is one that is being written: the profile keeps what it asks for', async () => {
    const objects = createMemoryObjectStore();
    const { telemetry, lines } = record();
    const policy = path.join(trust, 'a/policy.yaml');
    await writeFile(policy, IMAGE_POLICY);
    publisher = await publishDocuments(trust, objects, telemetry, LOOK_MS);
    const countPolicies = async () => (await loadTrust(objects, 'a', new Date())).trust.imagePolicies.length;
    lines.length = 0;
    await writeFile(policy, '');
    await until(() => lines.length > 0);
    expect(lines).toEqual([expect.stringMatching(/^error a: trust not published/)]);
    expect(await countPolicies()).toBe(1);
    await writeWhole(policy, `${IMAGE_POLICY}# written\n`);
    await until(() => lines.length > 1);
    expect(lines[1]).toMatch(/ a: trust published$/);
    // Who takes it away means it.
    await rm(policy);
    await until(
      async () => (await countPolicies()) === 0,
      () => lines.join('\n'),
    );
  });
});
