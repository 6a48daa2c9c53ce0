import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { mirrorDigest } from '../../../lib/mirror/sync/mirror-digest.ts';
import { createDirectoryReleaseStore } from '../../../lib/stores/directory-stores.ts';
import { createFallbackStore } from '../../../lib/stores/port/composites.ts';
import { parsePreparedTrust } from '../../../lib/trust/prepared/parse-prepared-trust.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { openObjects } from './open-objects.ts';

/**
 * Mirrors digests, one after the other: `<objects> <prepared trust> <digests> <now> <upstream directory>...`. Exits with
 * 1 unless each of them is complete.
 */
const [location = '', trustFile = '', digestsFile = '', time = '', ...upstreams] = process.argv.slice(2);
const now = new Date(time);
const objects = await openObjects(location);
const trust = toReadyTrust(parsePreparedTrust(trustFile, await readFile(trustFile)), now);
const upstream = createFallbackStore(upstreams.map((directory) => createDirectoryReleaseStore(directory)));
const { signal } = new AbortController();

process.stdout.write('started\n');
for (const text of (await readFile(digestsFile, 'utf8')).split('\n')) {
  const digest = parseDigest(text);
  const { outcome } = await mirrorDigest({ digest, trust, upstream, objects, now, signal });
  if (outcome !== 'complete') {
    process.stderr.write(`${digest}: ${outcome}\n`);
    process.exitCode = 1;
  }
}
