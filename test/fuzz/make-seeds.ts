import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { makeBundleSeeds } from './seeds/make-bundle-seeds.ts';
import { makePolicySeeds } from './seeds/make-policy-seeds.ts';
import { makeSignatureSeeds } from './seeds/make-signature-seeds.ts';
import { makeSigstoreSeeds } from './seeds/make-sigstore-seeds.ts';
import { makeVersion6Seeds } from './seeds/make-version-6-seeds.ts';
import { SEEDS } from './seeds/read-seeds.ts';

/**
 * Makes signed seeds anew: `node test/fuzz/make-seeds.ts [NAME...]`, all if none is named. The private keys exist only
 * while it runs, so failures that were saved before no longer show what they showed: remove them, or keep the seeds.
 */
const MAKERS: Readonly<Record<string, () => object>> = {
  bundles: makeBundleSeeds,
  policies: makePolicySeeds,
  signatures: makeSignatureSeeds,
  'signatures-6': makeVersion6Seeds,
  sigstore: makeSigstoreSeeds,
};
const named = process.argv.slice(2);
mkdirSync(SEEDS, { recursive: true });
for (const [name, make] of Object.entries(MAKERS)) {
  if (named.length > 0 && !named.includes(name)) continue;
  writeFileSync(path.join(SEEDS, `${name}.json`), `${JSON.stringify(make(), undefined, 1)}\n`);
}
