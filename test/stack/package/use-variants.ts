import { beforeAll, inject } from 'vitest';
import { type PackagedTemplate, readTemplate } from './package-service.ts';
import { settleConditions } from './settle-conditions.ts';
import type { Template } from './template.ts';
import { TEMPLATES, type Variant } from './variants.ts';

export interface PackagedVariant extends PackagedTemplate {
  /** What CloudFormation makes of the template: conditions decided, and what they leave out gone. */
  readonly settled: Template;
}

/** Reads what was packaged of all variants before the tests of a file, and gives each of them by name. */
export function useVariants(): (variant: Variant) => PackagedVariant {
  const packaged = new Map<Variant, PackagedVariant>();
  beforeAll(async () => {
    const { variants } = inject('packaged');
    for (const variant of TEMPLATES) {
      const { directory, output } = variants[variant];
      const read = await readTemplate(directory);
      packaged.set(variant, { ...read, output, settled: settleConditions(read.template) });
    }
  });
  return (variant) => {
    const found = packaged.get(variant);
    if (found === undefined) throw new Error(`${variant} is not packaged`);
    return found;
  };
}
