import { isDigest } from '../../base/names/digest.ts';
import type { Push } from './parse/push.ts';

/** What a push asks to verify. */
export type PushSubject =
  /** What was pushed. */
  | { readonly kind: 'image'; readonly push: Push }
  /** What the pushed signature is about: by digest, in the same repository. */
  | { readonly kind: 'subject'; readonly push: Push }
  /** What the pushed referrer is about: its manifest, to be read from the registry, names it. */
  | { readonly kind: 'referrer'; readonly push: Push }
  | { readonly kind: 'ignored'; readonly reason: string };

// cosign's tags, and the referrers tag of the OCI distribution specification, which has no suffix.
const ATTACHED_TAG = /^(sha256|sha384|sha512)-([0-9a-f]+)(?:\.(sig|att|sbom))?$/;

/**
 * A push of a signature re-verifies what it signs, never itself, which would be rejected and answered by nothing.
 * Who gives an image such a tag has that image not verified, and gains nothing: no digest becomes accepted by it.
 */
export function toSubject(push: Push): PushSubject {
  const [, algorithm, hex, suffix] = ATTACHED_TAG.exec(push.tag ?? '') ?? [];
  const digest = `${algorithm}:${hex}`;
  if (isDigest(digest)) {
    if (suffix === 'att' || suffix === 'sbom') return { kind: 'ignored', reason: `an attached .${suffix}` };
    // Without the tag: however many signatures are pushed, it is the same question, and the same record.
    return { kind: 'subject', push: { ...push, digest, tag: undefined, referrer: undefined } };
  }
  return push.referrer === true ? { kind: 'referrer', push } : { kind: 'image', push };
}
