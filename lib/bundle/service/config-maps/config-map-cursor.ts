import { InputError } from '../../../base/errors/input-error.ts';
import { compareMinors } from '../../../cluster/render/release-version.ts';
import { SIGNATURES_NAME } from '../../../cluster/render/signature-config-maps.ts';

/** A place in the order of signature ConfigMaps. */
export interface ConfigMapCursor {
  /** Undefined for the ConfigMaps without a version, which come last. */
  readonly minor: string | undefined;
  readonly number: number;
}

const NAME = new RegExp(`^${SIGNATURES_NAME}-(?:(0|[1-9]\\d{0,3})-(0|[1-9]\\d{0,3})|unversioned)-([1-9]\\d{0,14})$`);

/** The place of the ConfigMap of this name, whether or not there is one now. @throws InputError `ArgumentInvalid` */
export function parseConfigMapCursor(name: string): ConfigMapCursor {
  const [, major, minor, number] = NAME.exec(name) ?? [];
  if (number === undefined) {
    throw new InputError('ArgumentInvalid', 'after: expected the signet-next header of the page before');
  }
  return { minor: major === undefined ? undefined : `${major}.${minor}`, number: Number(number) };
}

/** As ConfigMaps are rendered: by minor version, then by number. */
export function compareCursors(left: ConfigMapCursor, right: ConfigMapCursor): number {
  if (left.minor === right.minor) return left.number - right.number;
  if (left.minor === undefined) return 1;
  return right.minor === undefined ? -1 : compareMinors(left.minor, right.minor);
}
