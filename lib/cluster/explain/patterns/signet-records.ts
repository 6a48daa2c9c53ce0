import * as v from 'valibot';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../base/documents/json-value.ts';
import { findDigests } from './pattern.ts';
import type { SaidReason, Statement } from './statement.ts';

/** What writes Signet's log lines: its functions, and the service on one machine. */
const SERVICES: ReadonlySet<string> = new Set([
  'check-pullspec',
  'events',
  'export-bundle',
  'local',
  'local-discovery',
  'local-downloads',
  'local-events',
  'local-page',
  'mirror-signatures',
  'plan-mirror',
  'publish-trust',
  'read-records',
  'receive-push',
  'redrive-letters',
  'reverify',
  'review-admission',
  'serve-signature',
  'verify-image',
  'verify-pushed',
]);
const ERROR_NAMES = ['ConfigurationError', 'InputError', 'SignatureError', 'StoreError'];

const Text = v.optional(v.string(), '');
/** A verdict, the line of a push, or the event of a verdict; a mirror says the same of its digest. */
const Verdict = v.object({
  outcome: v.picklist(['accepted', 'rejected', 'indeterminate', 'absent', 'incomplete', 'complete']),
  profile: v.string(),
  pullspec: Text,
  repository: Text,
  digest: Text,
  reasons: v.optional(v.array(v.union([v.string(), v.object({ code: v.string(), message: Text })])), []),
});
const Line = v.object({ level: v.string(), message: v.string(), service: v.string() });
const Denial = v.object({ message: v.literal('admission'), allowed: v.literal(false), reason: v.string() });
const Failure = v.object({ error: v.object({ name: v.picklist(ERROR_NAMES), code: Text, message: v.string() }) });
const Refusal = v.object({
  message: v.picklist(['push not verified', 'webhook refused', 'bundle not made']),
  reason: v.string(),
});
const CommandError = v.object({
  kind: v.literal('Error'),
  code: v.string(),
  message: v.string(),
  exitStatus: v.number(),
});
const Problem = v.object({
  type: v.pipe(v.string(), v.startsWith('urn:signet:problem:')),
  code: v.string(),
  detail: v.string(),
});

const STATES = {
  accepted: 'accepted',
  rejected: 'rejected',
  indeterminate: 'undecided',
  absent: 'not-held',
  incomplete: 'not-held',
  complete: 'accepted',
} as const;

/** What a JSON value of Signet says: a line of its log, a verdict, an error of the command, or a problem document. */
export function readSignetRecord(untrusted: JsonValue): readonly Statement[] | undefined {
  if (!isJsonObject(untrusted)) return undefined;
  const line = v.safeParse(Line, untrusted);
  const isLine = line.success && SERVICES.has(line.output.service) && 'timestamp' in untrusted;
  const { service } = untrusted;
  // Counts in CloudWatch's metric format.
  if ('_aws' in untrusted && typeof service === 'string' && SERVICES.has(service)) return [];
  const said = readVerdict(untrusted) ?? (isLine ? readLine(untrusted) : readError(untrusted));
  if (said !== undefined) return [said];
  const inner = isLine && isJsonObject(untrusted['detail']) ? readVerdict(untrusted['detail']) : undefined;
  return inner === undefined ? (isLine ? [] : undefined) : [inner];
}

function readVerdict(object: JsonObject): Statement | undefined {
  const verdict = v.safeParse(Verdict, object);
  if (!verdict.success) return undefined;
  const { outcome, pullspec, repository, digest, reasons } = verdict.output;
  const image = pullspec === '' && repository !== '' ? `${repository}@${digest}` : pullspec;
  if (image === '' && digest === '') return undefined;
  const said = reasons.map((one): SaidReason =>
    typeof one === 'string' ? { code: one, text: one } : toReason(one.code, one.message),
  );
  return {
    kind: 'verdict',
    state: STATES[outcome],
    image,
    digest: findDigests(`${digest} ${image}`)[0],
    reasons: said,
  };
}

function readLine(object: JsonObject): Statement | undefined {
  const denial = v.safeParse(Denial, object);
  if (denial.success) return toDenial(denial.output.reason);
  const failure = v.safeParse(Failure, object);
  if (failure.success) return toFailure(failure.output.error.code, failure.output.error.message);
  const refusal = v.safeParse(Refusal, object);
  if (!refusal.success) return undefined;
  const { message, reason } = refusal.output;
  return toFailure(message === 'webhook refused' ? 'WebhookRefused' : '', `${message}: ${reason}`);
}

function readError(object: JsonObject): Statement | undefined {
  const error = v.safeParse(CommandError, object);
  if (error.success) return toFailure(error.output.code, error.output.message);
  const problem = v.safeParse(Problem, object);
  return problem.success ? toFailure(problem.output.code, problem.output.detail) : undefined;
}

/** A denial of Signet's admission, with the image that it names. */
export function toDenial(text: string): Statement {
  const image = /"([^"\s]{1,2048}@sha256:[0-9a-f]{64})"/.exec(text)?.[1] ?? '';
  return { kind: 'denied', by: 'signet', image, text };
}

function toFailure(code: string, text: string): Statement {
  return { kind: 'verdict', state: 'undecided', image: '', digest: undefined, reasons: [toReason(code, text)] };
}

function toReason(code: string, text: string): SaidReason {
  return { code, text: code === '' ? text : text === '' ? code : `${code}: ${text}` };
}

const CUT = /"message":"(?:push verified|mirrored)"/;
const MEMBERS = /"(outcome|profile|pullspec|digest)":"([^"]{1,2048})"/g;

/** A line of Signet's log whose end was cut off. */
export function readCutRecord(line: string): Statement | undefined {
  if (!CUT.test(line)) return undefined;
  const members = Object.fromEntries([...line.matchAll(MEMBERS)].map(([, name = '', value = '']) => [name, value]));
  const reasons = line.indexOf('"reasons":[');
  const listed = reasons < 0 ? '' : (line.slice(reasons + 11).split(']', 1)[0] ?? '');
  const codes = [...listed.matchAll(/"(\w{1,64})"/g)].map(([, code = '']) => code);
  return readVerdict({ ...members, reasons: codes });
}
