import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { DEMO_IMAGES } from '../demo/demo-images.ts';
import { type DemoPublisher, makeDemoReleases } from '../demo/demo-releases.ts';
import { makeDirectories } from '../lib/platform/objects/directory/store-directory.ts';

const Kept = v.object({
  armoredKey: v.string(),
  releases: v.array(v.object({ digest: v.string(), signature: v.nullable(v.string()) })),
});

/**
 * The demo's publisher and the signatures of its releases, made once per data folder: a new key at every start would
 * leave a mirror full of signatures that nothing verifies. What an earlier Signet kept for other releases is replaced.
 */
export async function keepDemo(dataDirectory: string): Promise<DemoPublisher> {
  const file = path.join(dataDirectory, 'demo', 'releases.json');
  const kept = await readKept(file);
  if (kept !== undefined) return kept;
  const made = await makeDemoReleases();
  const releases = made.releases.map(({ digest, signature }) => ({
    digest,
    signature: signature === undefined ? null : Buffer.from(signature).toString('base64'),
  }));
  await makeDirectories(path.dirname(file));
  await writeFile(file, JSON.stringify({ armoredKey: made.armoredKey, releases }, null, 2));
  return made;
}

/** Undefined unless the file has a signature, or the lack of one, for each of today's releases and for nothing else. */
async function readKept(file: string): Promise<DemoPublisher | undefined> {
  let found: unknown;
  try {
    found = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
  const kept = v.safeParse(Kept, found);
  if (!kept.success) return undefined;
  const signatures = new Map(kept.output.releases.map(({ digest, signature }) => [digest, signature]));
  const images = Object.values(DEMO_IMAGES);
  if (signatures.size !== images.length || images.some(({ digest }) => !signatures.has(digest))) return undefined;
  return {
    armoredKey: kept.output.armoredKey,
    releases: images.map((image) => {
      const signature = signatures.get(image.digest) ?? undefined;
      return { ...image, signature: signature === undefined ? undefined : Buffer.from(signature, 'base64') };
    }),
  };
}
