import { isDeepStrictEqual } from 'node:util';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { SignatureError } from '../../lib/base/errors/signature-error.ts';
import { findKind } from './kinds.ts';
import type { Vector } from './read-vectors.ts';
import { VectorRejected } from './vector-rejected.ts';

export type CaseStatus = 'passed' | 'failed' | 'unsupported';

export interface CaseResult {
  readonly area: string;
  readonly kind: string;
  readonly name: string;
  readonly status: CaseStatus;
  /** What differs, for a failure. */
  readonly detail?: string | undefined;
}

/** Runs the cases one after the other; what a case does wrong is its result, never an exception. */
export async function runVectors(
  vectors: readonly Vector[],
  find: typeof findKind = findKind,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const vector of vectors) results.push(await runVector(vector, find));
  return results;
}

async function runVector(vector: Vector, find: typeof findKind): Promise<CaseResult> {
  const { area, kind, name } = vector;
  const found = find(area, kind);
  if (found === undefined) return { area, kind, name, status: 'failed', detail: 'unknown area or kind' };
  if (found === 'unsupported') return { area, kind, name, status: 'unsupported' };
  let output: Readonly<Record<string, unknown>>;
  try {
    output = await found(vector);
  } catch (error) {
    const detail = judgeRejection(error, vector);
    return { area, kind, name, status: detail === undefined ? 'passed' : 'failed', detail };
  }
  const detail = judgeOutput(output, vector);
  return { area, kind, name, status: detail === undefined ? 'passed' : 'failed', detail };
}

/** Only an error that Signet throws on purpose is a rejection; a crash is a failure even where one was expected. */
function judgeRejection(error: unknown, { expected }: Vector): string | undefined {
  const isRejection =
    error instanceof SignatureError ||
    error instanceof InputError ||
    error instanceof ConfigurationError ||
    error instanceof VectorRejected;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (!isRejection) return `crashed: ${text}`;
  return expected === 'reject' ? undefined : `rejected: ${text}`;
}

function judgeOutput(output: Readonly<Record<string, unknown>>, vector: Vector): string | undefined {
  if (vector.expected === 'reject') return `accepted: ${JSON.stringify(output)}`;
  for (const [member, wanted] of Object.entries(vector.output)) {
    // A peer's own words are not binding outside Hive's admission.
    if (member === 'error' || (member === 'message' && vector.area !== 'hive')) continue;
    const got = output[member];
    if (!isDeepStrictEqual(got, wanted)) {
      return `output.${member} is ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`;
    }
  }
  return undefined;
}
