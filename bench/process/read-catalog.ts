import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { checkCatalog } from '../../lib/artifact/catalog/check-catalog.ts';
import { parseCatalog } from '../../lib/artifact/catalog/parse-catalog.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { readPeakMemory } from './peak-memory.ts';

/** What reading a catalog took: the images or documents in it, milliseconds of the processor, and memory at its most. */
export interface CatalogRun {
  readonly count: number;
  readonly milliseconds: number;
  readonly mebibytes: number;
}

/**
 * Reads a catalog in a process of its own: as `signet catalog check` does, or by the parser alone, which gives plain
 * objects and judges nothing.
 *
 * Usage: node read-catalog.ts signet|yaml FILE
 */
async function read(how: string, file: string): Promise<CatalogRun> {
  const bytes = await readFile(file);
  const before = process.cpuUsage();
  const count = how === 'yaml' ? await countDocuments(bytes) : await countImages(file, bytes);
  const { user, system } = process.cpuUsage(before);
  return { count, milliseconds: (user + system) / 1000, mebibytes: readPeakMemory() / 1024 ** 2 };
}

async function countDocuments(bytes: Uint8Array): Promise<number> {
  const { parseAllDocuments } = await import('yaml');
  return parseAllDocuments(Buffer.from(bytes).toString('utf8')).map((document) => document.toJS() as unknown).length;
}

async function countImages(file: string, bytes: Uint8Array): Promise<number> {
  const documents = [
    { name: 'policy.json', content: POLICY },
    { name: 'profile.json', content: PROFILE },
  ];
  const trust = await prepareTrust(
    'site',
    documents.map(({ name, content }) => ({ name, bytes: Buffer.from(JSON.stringify(content)) })),
  );
  const { images, outcome } = await checkCatalog(parseCatalog(file, bytes), { trusts: [trust] });
  if (outcome !== 'accepted') throw new Error(`the catalog is ${outcome}`);
  return images.length;
}

const ACCEPT = [{ type: 'insecureAcceptAnything' }];
const POLICY = { default: ACCEPT, transports: { docker: { 'registry.example.com/operator-1': ACCEPT } } };

const PROFILE = {
  apiVersion: 'signet/v1',
  kind: 'Profile',
  metadata: { name: 'site' },
  spec: { canonicalRepositories: ['registry.example.com/operator-1/image'] },
};

const [how = '', file = ''] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await read(how, file)));
