import type { Digest } from '../../../base/names/digest.ts';
import { WEBHOOK_SOURCES } from '../../../platform/secrets/webhook-credentials.ts';

/** The registries whose events are understood; `distribution` is any registry that notifies as CNCF's does. */
export const PUSH_SOURCES = ['ecr', ...WEBHOOK_SOURCES] as const;

/** Pushes that one event body may carry. */
export const MAX_PUSHES = 100;

/** What every registry's event becomes. It has a digest, a tag or both. */
export interface Push {
  readonly source: (typeof PUSH_SOURCES)[number];
  /** `host[:port]` and path in the spelling that a parsed `Repository` has. */
  readonly registry: string;
  readonly repository: string;
  readonly digest?: Digest | undefined;
  readonly tag?: string | undefined;
  /** As the sender says: RFC 3339, UTC. */
  readonly occurredAt?: string | undefined;
  /** As the sender says; a redelivery may have it again. */
  readonly eventId?: string | undefined;
  /** The digest is that of a referrer (a signature, an SBOM), whose subject its manifest alone names. */
  readonly referrer?: true | undefined;
}

/** What became of an event: pushes, at least one, or nothing that concerns Signet. */
export type ParsedEvent =
  | { readonly kind: 'pushes'; readonly pushes: readonly Push[] }
  | { readonly kind: 'ignored'; readonly reason: string };
