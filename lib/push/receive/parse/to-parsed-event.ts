import { InputError } from '../../../base/errors/input-error.ts';
import { MAX_PUSHES, type ParsedEvent, type Push } from './push.ts';

const MAX_QUOTED = 64;

/** @param reason why there is nothing to do where there are no pushes @throws InputError `BodyTooLarge` */
export function toParsedEvent(pushes: readonly Push[], reason: string): ParsedEvent {
  if (pushes.length > MAX_PUSHES) {
    throw new InputError('BodyTooLarge', `the event holds ${pushes.length} pushes; at most ${MAX_PUSHES} are taken`);
  }
  return pushes.length === 0 ? { kind: 'ignored', reason } : { kind: 'pushes', pushes };
}

/** An event of a kind that leads to nothing. `found` is the sender's text: quoted, and not at any length. */
export function toIgnoredEvent(member: string, found: string): ParsedEvent {
  const shown = found.length > MAX_QUOTED ? `${found.slice(0, MAX_QUOTED)}…` : found;
  return { kind: 'ignored', reason: `${member} is ${JSON.stringify(shown)}` };
}
