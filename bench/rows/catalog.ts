import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Effort } from '../effort.ts';
import type { CatalogRun } from '../process/read-catalog.ts';
import { median, type Row } from '../row.ts';

const BUNDLES: Readonly<Record<Effort, number>> = { full: 5000, quick: 200 };
const ROUNDS: Readonly<Record<Effort, number>> = { full: 5, quick: 1 };
/** Packages, as many as an operator index has. */
const PACKAGES = 100;
const RELATED_IMAGES = 8;
const MAX_RATIO = 3;
const READER = path.join(import.meta.dirname, '../process/read-catalog.ts');

/** `signet catalog check` of a file-based catalog beside the YAML parser alone, each in a process of its own. */
export async function measureCatalog(effort: Effort): Promise<readonly Row[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'signet-bench-'));
  try {
    const file = path.join(directory, 'catalog.yaml');
    const bundles = BUNDLES[effort];
    await writeFile(file, writeCatalog(bundles));
    const ours: CatalogRun[] = [];
    const theirs: CatalogRun[] = [];
    // Taken in turn, so that a machine that changes its speed changes it for both.
    for (let round = 0; round < ROUNDS[effort]; round += 1) {
      theirs.push(await run('yaml', file));
      ours.push(await run('signet', file));
    }
    const row = (id: string, name: string, unit: string, of: (run: CatalogRun) => number): Row => ({
      id,
      name,
      unit,
      ours: median(ours.map(of)),
      beside: 'yaml alone',
      theirs: median(theirs.map(of)),
      goal: { kind: 'at most', ratio: MAX_RATIO },
    });
    return [
      row('catalog-time', `catalog check of ${bundles.toLocaleString('en')} bundles`, 'ms', (one) => one.milliseconds),
      row('catalog-memory', 'memory that it takes at most', 'MiB', (one) => one.mebibytes),
    ];
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function run(how: 'signet' | 'yaml', file: string): Promise<CatalogRun> {
  const { stdout } = await promisify(execFile)(process.execPath, [READER, how, file]);
  return JSON.parse(stdout) as CatalogRun;
}

/** Bundles with related images, properties, and a ClusterServiceVersion in one of them, as older catalogs hold it. */
function writeCatalog(bundles: number): string {
  return Array.from({ length: bundles }, (_, index) => writeBundle(index)).join('');
}

function writeBundle(index: number): string {
  const name = `operator-${index % PACKAGES}`;
  const related = Array.from({ length: RELATED_IMAGES }, (_, at) =>
    ['- name: image', String(at), '\n  image: ', toImage(name, `${index % 500} ${at}`), '\n'].join(''),
  );
  const properties = [
    { type: 'olm.package', value: { packageName: name, version: `1.${index}.0` } },
    { type: 'olm.gvk', value: { group: `${name}.example.com`, kind: 'Thing', version: 'v1' } },
    { type: 'olm.bundle.object', value: { data: Buffer.from(writeVersion(name, index)).toString('base64') } },
    { type: 'olm.csv.metadata', value: { displayName: name, keywords: ['a', 'b'], maturity: 'stable' } },
  ];
  return [
    '---\nschema: olm.bundle\n',
    `name: ${name}.v1.${index}.0\npackage: ${name}\n`,
    `image: ${toImage(name, `bundle ${index}`)}\n`,
    'properties:\n',
    ...properties.map((property) => `- ${JSON.stringify(property)}\n`),
    'relatedImages:\n',
    ...related,
  ].join('');
}

function writeVersion(name: string, index: number): string {
  const relatedImages = [{ name: 'a', image: toImage(name, `embedded ${index}`) }];
  return JSON.stringify({
    apiVersion: 'operators.coreos.com/v1alpha1',
    kind: 'ClusterServiceVersion',
    metadata: { name: `${name}.v1.${index}.0` },
    spec: { displayName: name, description: 'what it does, and how. '.repeat(40), relatedImages },
  });
}

function toImage(name: string, of: string): string {
  return `registry.example.com/${name}/image@sha256:${createHash('sha256').update(of).digest('hex')}`;
}
