import { InputError } from '../../../base/errors/input-error.ts';
import type { Digest } from '../../../base/names/digest.ts';
import { parseRepository, repositoryHost, repositoryPath } from '../../../base/names/reference.ts';
import { WEBHOOK_SOURCES, type WebhookScope } from '../../../platform/secrets/webhook-credentials.ts';
import { toFieldError } from './fields.ts';

/** The registries whose events are understood; `distribution` is any registry that notifies as CNCF's does. */
export const PUSH_SOURCES = ['ecr', ...WEBHOOK_SOURCES] as const;

/** Pushes that one event body may carry. */
export const MAX_PUSHES = 100;

const MAX_QUOTED = 64;

/** A push, whichever registry sent it. It has a digest, a tag or both. */
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

/** A parsed event: at least one push, or the reason to ignore it. */
export type ParsedEvent = (
  | { readonly kind: 'pushes'; readonly pushes: readonly Push[] }
  | { readonly kind: 'ignored'; readonly reason: string }
) & {
  /** Why pushes of the event were left out: the shown credentials may not report them. For the log alone. */
  readonly foreign?: string | undefined;
};

/** What the receiver knows of a delivery beside its body. */
export interface Delivery {
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What the credentials may speak for that the sender has shown. */
  readonly scopes: readonly WebhookScope[];
}

/** A sender's proof that it may: the answer to it is the code. */
export interface Validation {
  readonly kind: 'validation';
  readonly code: string;
}

/** An event that the shown credentials may not report. The reason is for the log alone. */
export interface ForeignEvent {
  readonly kind: 'refused';
  readonly reason: string;
}

/** A push whose registry is parsed already, and whose repository is the sender's text. */
export interface PushParts extends Omit<Push, 'repository'> {
  readonly untrustedRepository: string;
}

/**
 * The only maker of pushes: registry and repository come out of the pullspec parser, never straight from the event.
 *
 * @param field the member that named the repository
 * @throws InputError `BodyInvalid`
 */
export function toPush({ untrustedRepository, ...parts }: PushParts, field: string): Push {
  if (parts.digest === undefined && parts.tag === undefined) {
    throw toFieldError(field, 'neither a digest nor a tag was pushed to it');
  }
  try {
    const repository = parseRepository(`${parts.registry}/${untrustedRepository}`);
    return { ...parts, registry: repositoryHost(repository), repository: repositoryPath(repository) };
  } catch (error) {
    if (error instanceof InputError) throw toFieldError(field, error.message, error);
    throw error;
  }
}

/** @param reason why there is nothing to do where there are no pushes @throws InputError `BodyTooLarge` */
export function toParsedEvent(pushes: readonly Push[], reason: string): ParsedEvent {
  if (pushes.length > MAX_PUSHES) {
    throw new InputError('BodyTooLarge', `the event holds ${pushes.length} pushes; at most ${MAX_PUSHES} are taken`);
  }
  return pushes.length === 0 ? { kind: 'ignored', reason } : { kind: 'pushes', pushes };
}

/** The events of one body together. @param empty why there is nothing to do if there are none @throws InputError `BodyTooLarge` */
export function joinEvents(events: readonly ParsedEvent[], empty: string): ParsedEvent {
  const pushes = events.flatMap((event) => (event.kind === 'pushes' ? event.pushes : []));
  const reason = events.flatMap((event) => (event.kind === 'ignored' ? [event.reason] : []))[0];
  return toParsedEvent(pushes, reason ?? empty);
}

/** An event to ignore. `found` is the sender's text: quoted and shortened. */
export function toIgnoredEvent(member: string, found: string): ParsedEvent {
  const shown = found.length > MAX_QUOTED ? `${found.slice(0, MAX_QUOTED)}…` : found;
  return { kind: 'ignored', reason: `${member} is ${JSON.stringify(shown)}` };
}
