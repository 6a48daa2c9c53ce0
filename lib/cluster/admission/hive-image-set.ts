import { InputError } from '../../base/errors/input-error.ts';
import { isDigest } from '../../base/names/digest.ts';
import { parsePullspec } from '../../base/names/reference.ts';
import { type AdmissionAnswer, admit, deny } from './admission-answer.ts';

const PATH = 'spec.releaseImage';

/**
 * Answers a ClusterImageSet as Hive's own webhook does, with its messages (`openshift/hive`
 * pkg/validating-webhooks/hive/v1). It is stricter in one point: a pullspec or digest that Signet cannot parse is denied.
 *
 * @param verificationRequired whether an image without a digest is denied
 */
export function answerAsHive(releaseImage: string, verificationRequired: boolean): AdmissionAnswer {
  const fault = findFault(releaseImage, verificationRequired);
  return fault === undefined ? admit() : deny(422, `${PATH}: ${fault}`);
}

function findFault(releaseImage: string, verificationRequired: boolean): string | undefined {
  if (releaseImage === '') return 'Required value: release image must be specified';
  const invalid = (why: string): string => `Invalid value: ${quote(releaseImage)}: ${why}`;
  // As Hive does: the digest follows the last at sign, and where nothing follows it there is none.
  const at = releaseImage.lastIndexOf('@');
  const digest = at < 0 ? '' : releaseImage.slice(at + 1);
  if (digest !== '' && !isDigest(digest)) return invalid('release image digest is invalid');
  if (digest === '' && verificationRequired) {
    return invalid('only digest based release images are supported since release verification is required');
  }
  try {
    parsePullspec(releaseImage);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return invalid(error.message);
  }
  return undefined;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]);
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** A text as Go quotes it (`%q`), which API servers use for values. */
function quote(text: string): string {
  const shown = Array.from(text.toWellFormed(), (character) => {
    const known = ESCAPES.get(character);
    if (known !== undefined) return known;
    return PRINTABLE.test(character) ? character : toEscape(character.codePointAt(0) ?? 0);
  });
  return `"${shown.join('')}"`;
}

function toEscape(point: number): string {
  const hex = point.toString(16);
  if (point < 0x80) return `\\x${hex.padStart(2, '0')}`;
  return point > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
