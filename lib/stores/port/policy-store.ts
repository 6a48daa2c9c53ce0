import { createFallbackStore } from './fallback-store.ts';
import type { SignatureKind, SignatureStore } from './signature-store.ts';

/** Where the signatures of an image are, by their kind; a kind that is missing is kept nowhere. */
export type StoresByKind = Readonly<Partial<Record<SignatureKind, SignatureStore>>>;

const KINDS: readonly SignatureKind[] = ['openpgp', 'sigstore'];

/** The signatures that image policies ask for. Only the stores of the kinds that are wanted are contacted. */
export function createPolicyStore(stores: StoresByKind): SignatureStore {
  const of = (kinds: readonly SignatureKind[]): SignatureStore =>
    createFallbackStore(kinds.flatMap((kind) => stores[kind] ?? []));
  const { description } = of(KINDS);
  return {
    description,
    fetchSignatures: (query, signal) => of(query.kinds ?? KINDS).fetchSignatures(query, signal),
  };
}
