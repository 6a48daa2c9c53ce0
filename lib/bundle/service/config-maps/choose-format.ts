import type { ManifestFormat } from '../../../base/documents/manifest-text.ts';

/** What can be answered, the one for who does not say first. */
export const FORMAT_TYPES: Readonly<Record<ManifestFormat, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
};

interface Range {
  readonly type: string;
  /** From 0, not at all, to 1. */
  readonly quality: number;
}

const FORMATS = ['json', 'yaml'] as const;
const QUALITY = /^q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * What an `Accept` header wants (RFC 9110, section 12.5.1): of equal wishes the one that is named, then JSON.
 *
 * @returns undefined when it is neither
 */
export function chooseFormat(accept: string | undefined): ManifestFormat | undefined {
  if (accept === undefined || accept.trim() === '') return 'json';
  const ranges = accept.split(',').flatMap(parseRange);
  const offers = FORMATS.flatMap((format) => {
    const range = findRange(ranges, FORMAT_TYPES[format]);
    return range === undefined || range.quality === 0 ? [] : [{ format, range }];
  });
  const [best] = offers.toSorted(
    (left, right) => right.range.quality - left.range.quality || rank(right.range) - rank(left.range),
  );
  return best?.format;
}

/** A range that cannot be read asks for nothing. */
function parseRange(text: string): readonly Range[] {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  if (quality === undefined) return [{ type, quality: 1 }];
  const value = QUALITY.exec(quality)?.[1];
  return value === undefined ? [] : [{ type, quality: Number(value) }];
}

/** The most specific range that covers a type. */
function findRange(ranges: readonly Range[], type: string): Range | undefined {
  return [type, 'application/*', '*/*'].map((name) => ranges.find((range) => range.type === name)).find(Boolean);
}

function rank({ type }: Range): number {
  if (type === '*/*') return 0;
  return type.endsWith('/*') ? 1 : 2;
}
