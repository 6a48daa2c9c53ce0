import type { PolicyRequirement } from './policy-requirement.ts';

/** A policy.json, read: requirements by transport and scope, and what applies where no scope does. */
export interface ImagePolicy {
  /** Never empty. */
  readonly default: readonly PolicyRequirement[];
  /** By transport, then by scope as written (the empty scope is the transport's own default); lists are never empty. */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, readonly PolicyRequirement[]>>;
}
