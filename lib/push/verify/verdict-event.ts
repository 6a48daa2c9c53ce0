import type { ReasonCode } from '../../base/errors/reason-code.ts';
import type { Outcome, Reason, Verdict } from '../../verdict/judge/verdict.ts';
import type { Asked } from '../../verdict/records/verdict-record.ts';

/** Reasons, warnings and signers of one event, each; the record has them all. */
export const MAX_LISTED = 16;
/** Characters of a sentence in an event; the record has the whole. */
export const MAX_SENTENCE = 512;

type Decided = Pick<
  Verdict,
  | 'outcome'
  | 'forced'
  | 'pullspec'
  | 'canonicalPullspec'
  | 'digest'
  | 'profile'
  | 'mode'
  | 'trustRevision'
  | 'verifierVersion'
  | 'decidedAt'
>;

/** The detail of a `Signet Verdict` event. The evidence is in the record that it names. */
export interface VerdictDetail extends Decided {
  readonly schema: 1;
  readonly recordId: string;
  /** Of the push, as the log lines about it have it. */
  readonly correlationId?: string | undefined;
  readonly asked: Asked;
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
  /** Fingerprints of the certificates whose signatures verified. */
  readonly signers: readonly string[];
}

/** What is compared with a later verdict on the same digest by the same profile. */
export interface VerdictSummary {
  readonly recordId: string;
  readonly outcome: Outcome;
  readonly forced: boolean;
  /** Each once, sorted. */
  readonly reasonCodes: readonly ReasonCode[];
  readonly trustRevision: string;
  readonly decidedAt: string;
}

export interface VerdictChangedDetail extends VerdictDetail {
  readonly previous: VerdictSummary;
}

/** An event for the bus. */
export type VerdictEvent =
  | { readonly detailType: 'Signet Verdict'; readonly detail: VerdictDetail }
  | { readonly detailType: 'Signet Verdict Changed'; readonly detail: VerdictChangedDetail };

/** The event of a verdict, whose size is bounded whatever the evidence was. */
export function toVerdictEvent(
  verdict: Verdict,
  recordId: string,
  asked: Asked,
  correlationId?: string,
): Extract<VerdictEvent, { detailType: 'Signet Verdict' }> {
  const { outcome, forced, pullspec, canonicalPullspec, digest, profile } = verdict;
  const { mode, trustRevision, verifierVersion, decidedAt, attempts } = verdict;
  const signers = attempts.flatMap(({ code, signer }) => (code === 'Verified' && signer !== undefined ? [signer] : []));
  const detail: VerdictDetail = {
    schema: 1,
    recordId,
    ...(correlationId === undefined ? {} : { correlationId }),
    asked,
    outcome,
    forced,
    pullspec,
    canonicalPullspec,
    digest,
    profile,
    mode,
    trustRevision,
    verifierVersion,
    decidedAt,
    reasons: verdict.reasons.slice(0, MAX_LISTED).map(shortenReason),
    warnings: verdict.warnings.slice(0, MAX_LISTED).map(shortenReason),
    signers: [...new Set(signers)].slice(0, MAX_LISTED),
  };
  return { detailType: 'Signet Verdict', detail };
}

/**
 * The event of a verdict that differs from the last one on its digest by its profile, in outcome, force or reasons;
 * undefined when it does not. A new trust revision that leads to the same is no change.
 */
export function toVerdictChangedEvent(
  verdict: Verdict,
  { detail }: Pick<Extract<VerdictEvent, { detailType: 'Signet Verdict' }>, 'detail'>,
  previous: VerdictSummary,
): Extract<VerdictEvent, { detailType: 'Signet Verdict Changed' }> | undefined {
  const current = toVerdictSummary(verdict, detail.recordId);
  if (toComparable(current) === toComparable(previous)) return undefined;
  return { detailType: 'Signet Verdict Changed', detail: { ...detail, previous } };
}

/** @param recordId of the record that holds the verdict */
export function toVerdictSummary(
  { outcome, forced, reasons, trustRevision, decidedAt }: Verdict,
  recordId: string,
): VerdictSummary {
  const reasonCodes = [...new Set(reasons.map(({ code }) => code))].toSorted();
  return { recordId, outcome, forced, reasonCodes, trustRevision, decidedAt };
}

function toComparable({ outcome, forced, reasonCodes }: VerdictSummary): string {
  return JSON.stringify([outcome, forced, reasonCodes]);
}

function shortenReason({ code, message, remedy }: Reason): Reason {
  return { code, message: shorten(message), ...(remedy === undefined ? {} : { remedy: shorten(remedy) }) };
}

/** By characters, so that none is cut in two. */
function shorten(text: string): string {
  if (text.length <= MAX_SENTENCE) return text;
  const characters = Array.from(text.slice(0, 2 * MAX_SENTENCE));
  return `${characters.slice(0, MAX_SENTENCE - 1).join('')}…`;
}
