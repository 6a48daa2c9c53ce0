import { hash } from 'node:crypto';
import type { KeySource, SigstoreRoot } from './policy-requirement.ts';

/** Names a key source, the same one always alike: by its path, or by the SHA-256 of the bytes in the policy. */
export function keySourceName(source: KeySource): string {
  return source.kind === 'path' ? `keyPath ${source.path}` : `keyData sha256:${hash('sha256', source.bytes, 'hex')}`;
}

/** Every key or certificate that a Sigstore root names. */
export function listRootSources(root: SigstoreRoot): readonly KeySource[] {
  switch (root.kind) {
    case 'keys':
      return [...root.keys, ...root.rekorKeys];
    case 'fulcio':
      return [root.ca, ...root.rekorKeys];
    case 'pki':
      return [root.caRoots, ...(root.caIntermediates === undefined ? [] : [root.caIntermediates])];
    default:
      return root satisfies never;
  }
}
