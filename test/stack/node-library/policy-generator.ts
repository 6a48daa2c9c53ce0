import type { Draw } from '../../fuzz/draw.ts';

/** What generated policies name: key files, relative to the folder of the run, and data in base64. */
export interface PolicyKeys {
  readonly gpgFiles: readonly string[];
  readonly gpgData: readonly string[];
  readonly pemFiles: readonly string[];
  readonly pemData: readonly string[];
}

const NAMES = ['quay.io/acme/app', 'quay.io/acme/other', 'registry.test:5000/app', 'mirror.test/acme/app'];
const SCOPES = [
  ...NAMES,
  'quay.io',
  'quay.io/acme',
  '*.io',
  '*.test',
  'registry.test:5000',
  'mirror.test',
  '',
  'quay.io/*',
];
const PREFIXES = ['quay.io', 'quay.io/acme', 'mirror.test', 'mirror.test/acme', 'registry.test:5000', 'quay.io/ac'];
const TAGS = ['1', '2'];

/** Names that images are asked for by, and that signatures are made for. `%` stands for the digest of the image. */
export const REFERENCES: readonly string[] = NAMES.flatMap((name) => [
  ...TAGS.map((tag) => `${name}:${tag}`),
  `${name}@%`,
]);

/** A policy.json: mostly one that nodes take, with keys of every form, and sometimes with a member out of place. */
export function drawPolicy(draw: Draw, keys: PolicyKeys): string {
  const scopes = new Map<string, unknown>();
  for (let count = draw.below(5); count > 0; count--) scopes.set(draw.pick(SCOPES), drawRequirements(draw, keys));
  const transports = draw.once(6) ? undefined : { docker: Object.fromEntries(scopes) };
  return mutate(draw, JSON.stringify({ default: drawRequirements(draw, keys), transports }));
}

function drawRequirements(draw: Draw, keys: PolicyKeys): unknown {
  return Array.from({ length: 1 + (draw.once(4) ? 1 : 0) }, () => drawRequirement(draw, keys));
}

function drawRequirement(draw: Draw, keys: PolicyKeys): unknown {
  const kind = draw.below(20);
  if (kind === 0) return { type: 'insecureAcceptAnything' };
  if (kind === 1) return { type: 'reject' };
  if (kind === 2) return { type: 'signedBaseLayer', baseLayerIdentity: drawIdentity(draw) };
  const signedIdentity = draw.once(4) ? {} : { signedIdentity: drawIdentity(draw) };
  if (kind < 11)
    return {
      type: 'signedBy',
      keyType: draw.once(20) ? 'X509CAs' : 'GPGKeys',
      ...drawGpg(draw, keys),
      ...signedIdentity,
    };
  return { type: 'sigstoreSigned', ...drawPem(draw, keys), ...signedIdentity };
}

function drawGpg(draw: Draw, { gpgFiles, gpgData }: PolicyKeys): object {
  const form = draw.below(11);
  if (form < 4) return { keyPath: draw.pick(gpgFiles) };
  if (form < 6) return { keyPaths: drawList(draw, gpgFiles) };
  if (form < 10) return { keyData: draw.pick(gpgData) };
  return draw.pick([{ keyData: '' }, { keyPaths: [] }, { keyPaths: [''] }, { keyData: null }, { keyPath: '' }, {}]);
}

function drawPem(draw: Draw, { pemFiles, pemData, gpgData }: PolicyKeys): object {
  const form = draw.below(12);
  if (form < 3) return { keyPath: draw.pick(pemFiles) };
  if (form < 5) return { keyPaths: drawList(draw, pemFiles) };
  if (form < 8) return { keyData: draw.pick(pemData) };
  if (form < 10) return { keyDatas: drawList(draw, pemData) };
  const keyData = draw.pick(pemData);
  return draw.pick([
    { keyData: '' },
    { keyDatas: [keyData, ''] },
    { keyDatas: [] },
    { keyPath: '', keyData },
    { keyPath: draw.pick(pemFiles), keyData },
    { keyData, rekorPublicKeyData: draw.pick(pemData) },
    { keyData, rekorPublicKeyPath: '' },
    { keyData, rekorPublicKeyData: '' },
    { keyData: draw.pick(gpgData) },
    { pki: { caRootsData: keyData, subjectEmail: 'a@b.example' } },
  ]);
}

function drawList(draw: Draw, list: readonly string[]): readonly string[] {
  return Array.from({ length: 1 + draw.below(2) }, () => draw.pick(list));
}

function drawIdentity(draw: Draw): unknown {
  const name = draw.pick(NAMES);
  return draw.pick([
    { type: 'matchExact' },
    { type: 'matchRepoDigestOrExact' },
    { type: 'matchRepository' },
    { type: 'exactReference', dockerReference: `${name}:${draw.pick(TAGS)}` },
    { type: 'exactRepository', dockerRepository: name },
    { type: 'remapIdentity', prefix: draw.pick(PREFIXES), signedPrefix: draw.pick(PREFIXES) },
  ]);
}

const PIECES = ['null', '""', '[]', '{}', '"\\ud800"', '"\ufffd"', '1', 'true', '"x":1,', '"type":"reject",', ' ', ','];

/** Now and then a piece of JSON in the place of another, so that each reader has something to refuse. */
function mutate(draw: Draw, text: string): string {
  if (!draw.once(8)) return text;
  const starts = [...text.matchAll(/"[^"]{0,40}"|[[\]{},]/g)];
  const at = draw.pick(starts);
  const cut = draw.once(2) ? at[0].length : 0;
  return `${text.slice(0, at.index)}${draw.pick(PIECES)}${text.slice(at.index + cut)}`;
}
