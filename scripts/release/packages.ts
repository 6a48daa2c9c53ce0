import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';

const ROOT = path.join(import.meta.dirname, '../..');
const Manifest = v.object({
  name: v.string(),
  version: v.string(),
  license: v.optional(v.string(), 'NOASSERTION'),
});
const Lock = v.object({
  packages: v.record(v.string(), v.object({ integrity: v.optional(v.string()), resolved: v.optional(v.string()) })),
});

/** A package whose code is in what is released. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  /** Of its license file; empty where it has none. */
  readonly text: string;
  /** Lower-case hex of its archive, by the lock file. */
  readonly sha512: string | undefined;
}

/** @param folders such as `node_modules/valibot` @returns by name and version */
export async function describePackages(folders: ReadonlySet<string>): Promise<readonly BundledPackage[]> {
  const lock = v.parse(Lock, JSON.parse(await readFile(path.join(ROOT, 'package-lock.json'), 'utf8')));
  const described = await Promise.all(
    [...folders].map(async (folder) => {
      const place = path.join(ROOT, folder);
      const manifest = v.parse(Manifest, JSON.parse(await readFile(path.join(place, 'package.json'), 'utf8')));
      const integrity = /^sha512-(.+)$/.exec(lock.packages[folder]?.integrity ?? '')?.[1];
      const sha512 = integrity === undefined ? undefined : Buffer.from(integrity, 'base64').toString('hex');
      return { ...manifest, text: await readLicense(place), sha512 };
    }),
  );
  return described.toSorted((left, right) => (toKey(left) < toKey(right) ? -1 : 1));
}

function toKey({ name, version }: Pick<BundledPackage, 'name' | 'version'>): string {
  return `${name}@${version}`;
}

async function readLicense(folder: string): Promise<string> {
  const file = (await readdir(folder)).toSorted().find((name) => /^(?:licen[cs]e|copying)(?:[.-]|$)/i.test(name));
  return file === undefined ? '' : await readFile(path.join(folder, file), 'utf8');
}
