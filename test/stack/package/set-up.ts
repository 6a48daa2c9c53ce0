import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import type { BuiltFunction } from '../../../scripts/build-functions.ts';
import { packageService, packageTemplate } from './package-service.ts';
import { EVERY_OPTION, OTHER_OPTIONS, type Variant } from './variants.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly packaged: Packaged;
  }
}

/** What is packaged once for all tests of the package. They read it, and write elsewhere. */
export interface Packaged {
  readonly built: readonly BuiltFunction[];
  /** The directory of each variant, and what the packager said. Only the defaults have bundles and zips. */
  readonly variants: Readonly<Record<Variant, { readonly directory: string; readonly output: string }>>;
  /** The directory of the defaults, packaged once more. */
  readonly again: string;
}

/** @returns what removes it after the last test */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-packaged-'));
  const [defaults = '', again = '', everyOption = '', otherOptions = ''] = [
    'defaults',
    'again',
    'every-option',
    'other-options',
  ].map((name) => path.join(scratch, name));
  const service = await packageService(defaults);
  await packageService(again);
  const template = await packageTemplate(everyOption, EVERY_OPTION);
  const other = await packageTemplate(otherOptions, OTHER_OPTIONS);
  provide('packaged', {
    built: service.built,
    variants: {
      defaults: { directory: defaults, output: service.output },
      'every option': { directory: everyOption, output: template.output },
      'the other options': { directory: otherOptions, output: other.output },
    },
    again,
  });
  return () => rm(scratch, { recursive: true, force: true });
}
