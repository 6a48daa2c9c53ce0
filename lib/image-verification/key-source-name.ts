import { hash } from 'node:crypto';
import type { KeySource } from '../image-policy/policy-requirement.ts';

/** Names a key source, the same one always alike: by its path, or by the SHA-256 of the bytes in the policy. */
export function keySourceName(source: KeySource): string {
  return source.kind === 'path' ? `keyPath ${source.path}` : `keyData sha256:${hash('sha256', source.bytes, 'hex')}`;
}
