import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type DemoPublisher, makeDemoReleases } from '../demo/demo-releases.ts';
import { makeDirectories } from '../lib/objects/store-directory.ts';
import { isDigest } from '../lib/pullspec/digest.ts';

const Kept = z.object({
  armoredKey: z.string(),
  releases: z.array(
    z.object({
      title: z.string(),
      digest: z.string().refine(isDigest),
      signature: z.string().nullable(),
    }),
  ),
});

/**
 * The demo's publisher and releases, made once per data folder: a new key at every start would leave a mirror full of
 * signatures that nothing verifies.
 */
export async function keepDemo(dataDirectory: string): Promise<DemoPublisher> {
  const file = path.join(dataDirectory, 'demo', 'releases.json');
  const kept = await readKept(file);
  if (kept !== undefined) return kept;
  const made = await makeDemoReleases();
  const releases = made.releases.map(({ signature, ...release }) => ({
    ...release,
    signature: signature === undefined ? null : Buffer.from(signature).toString('base64'),
  }));
  await makeDirectories(path.dirname(file));
  await writeFile(file, JSON.stringify({ armoredKey: made.armoredKey, releases }, null, 2));
  return made;
}

async function readKept(file: string): Promise<DemoPublisher | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
  const { armoredKey, releases } = Kept.parse(JSON.parse(text));
  return {
    armoredKey,
    releases: releases.map(({ title, digest, signature }) => ({
      title,
      digest,
      signature: signature === null ? undefined : Buffer.from(signature, 'base64'),
    })),
  };
}
