import { hash } from 'node:crypto';
import type { Verdict } from '../judge/verdict.ts';
import type { Asked } from './verdict-record.ts';

type Decided = Omit<
  Verdict,
  'schema' | 'warnings' | 'attempts' | 'images' | 'policies' | 'decidedAt' | 'canonicalPullspec'
>;

/**
 * Names a decision by what was asked and what came out of it (design, "Registry pushes"), whenever and however often it
 * is made: the same decision again is the same record. Reason codes count as a set.
 *
 * @returns SHA-256, lower-case hex
 */
export function toRecordId(asked: Omit<Asked, 'pullspec' | 'caller'>, verdict: Decided): string {
  const { digest, pullspec, platforms, profile, mode, trustRevision, verifierVersion, outcome, forced, reasons } =
    verdict;
  const { source, registry = null, repository = null, tag = null } = asked;
  // A pullspec can be spelled like a digest, so its kind goes with it; JSON keeps each part apart from the next.
  const subject = digest === undefined ? { pullspec } : { digest };
  const codes = [...new Set(reasons.map(({ code }) => code))].toSorted();
  const parts = [source, registry, repository, tag, subject, profile, mode, trustRevision, verifierVersion];
  // Left out where the caller named none, so that the ids of earlier records stay.
  const named = platforms === undefined ? [] : [platforms];
  return hash('sha256', JSON.stringify([...parts, outcome, forced, codes, ...named]));
}
