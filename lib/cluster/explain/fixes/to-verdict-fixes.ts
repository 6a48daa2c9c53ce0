import { REASON_CODES, type ReasonCode } from '../../../base/errors/reason-code.ts';
import { type Fix, type ReleaseFacts, toShellWord } from '../explanation.ts';

const REPAIR = 'what the store has of it is broken: repair the store, or read another with --store';
const CURRENT = 'use a release that the publisher’s current key signed';

/** What to do about each reason of a verdict. */
const REASON_FIXES: Readonly<Record<ReasonCode, string>> = {
  DigestMissing: 'name the image by digest: resolve its tag first',
  RepositoryNotCanonical:
    'ask the profile of its publisher; if it is a copy, put the mirror set that says so into the profile',
  RepositoryMismatch: 'it was signed for another repository: use the profile of the product that was signed',
  SignatureNotFound: 'compare the digest with the publisher’s: a release that is not signed must not be installed',
  SignatureMalformed: REPAIR,
  SignatureUnsupported: 'ask the publisher for a plain signature, or try a newer Signet',
  SignatureInvalid: 'treat the image and the store as tampered with until you know better',
  LogEntryInvalid: 'compare the key of the log with the one in your trust',
  TimestampInvalid: 'compare the key of the timestamp’s authority with the one in your trust',
  SignatureExpired: 'ask the publisher for a new signature',
  SignatureFromFuture: 'set the clock of the machine that decided',
  KeyUnknown: 'if the publisher has a new key, check its fingerprint and add it to the trust',
  KeyRevoked: CURRENT,
  KeyExpired: CURRENT,
  KeyNotForSigning: 'ask the publisher to repair the certificate',
  PayloadInvalid: REPAIR,
  DigestMismatch: REPAIR,
  IdentityMismatch: 'use the name that was signed, or let signedIdentity of the policy accept it',
  KeyringUnsatisfied: 'use a release that all keyrings of the profile signed, or take the keyring out of the profile',
  PolicyRejects: 'see the scope in the verdict, and add a policy that covers the repository',
  PolicyNotEvaluated: 'publish the trust again, or decide by OpenPGP alone (require: openpgp)',
  StoreUnavailable: 'a store that could have the signature did not answer: make it reachable, then ask again',
  TrustStale: 'the service could not read its trust for 24 hours: make its bucket reachable',
  ContentMismatch: 'the content does not have its digest: fetch it again from its publisher',
  LimitExceeded: 'something exceeds a limit: docs/reference/limits.md lists them',
};

/** What to do about errors of Signet, which decided nothing. */
const ERROR_FIXES: ReadonlyMap<string, string> = new Map([
  ['WebhookRefused', 'the sender’s credentials are not those of the webhook: compare both'],
  [
    'WebhookUnreachable',
    'the API server did not reach Signet, which has decided nothing: look at its service, its certificate (caBundle) and timeoutSeconds of the webhook',
  ],
  ['AccessDenied', 'Signet may not read its storage: look at the grants of the function, or of the folder'],
  ['AddressRefused', 'the address is private, and private addresses are contacted only where the profile allows them'],
  ['ConnectionFailed', 'a store did not answer: make it reachable, then ask again'],
  ['TimedOut', 'a store did not answer in time: make it reachable, then ask again'],
  ['TrustMissing', 'there is no trust where Signet looks for it: publish it, or name its folder with --trust'],
  ['TrustUnusable', 'the trust cannot be used: see the message, change the document and publish it again'],
  ['DocumentInvalid', 'a document of the configuration is not valid: see the field in the message'],
  ['ProfileUnknown', 'there is no such profile: signet trust list names those that there are'],
  ['PullspecInvalid', 'the pullspec cannot be read: write HOST/REPOSITORY@sha256:HEX'],
  ['DigestInvalid', 'write the digest as sha256: followed by 64 lower-case hex digits'],
  ['ForceNotAllowed', 'the caller may not force: leave force out, or use the route for those who may'],
]);

const CODES: ReadonlySet<string> = new Set(REASON_CODES);
const IN_TEXT = /\b([A-Z][A-Za-z]{2,40}): /g;

/** What to do about verdicts, denials and errors of Signet; none for what it accepted. */
export function toVerdictFixes({ image, digest, states, faults }: ReleaseFacts): readonly Fix[] {
  if (!states.some((state) => ['rejected', 'undecided', 'not-held', 'denied'].includes(state))) return [];
  const codes = faults.flatMap(({ fault, code, text }) =>
    fault === 'verdict' ? (code ?? []) : fault === 'denied' ? listCodes(text) : [],
  );
  const says = [...new Set(codes)].flatMap((code): readonly string[] =>
    isReasonCode(code) ? [`${code}: ${REASON_FIXES[code]}`] : [ERROR_FIXES.get(code) ?? []].flat(),
  );
  const fixes = says.map((say): Fix => ({ say }));
  const isNamed = image !== undefined || digest !== undefined;
  if (states.includes('not-held') && digest !== undefined) {
    const command = `signet mirror sync --trust DIR --to MIRROR --digest ${digest} --ask-now`;
    return [...fixes, { say: 'the mirror lacks a signature of it: to look it up now, run', command }];
  }
  if (!isNamed || faults.length === 0) return fixes;
  return [
    ...fixes,
    toVerifyFix(
      image ?? digest ?? '',
      faults.some(({ text }) => /could not|retry/.test(text)),
    ),
  ];
}

function toVerifyFix(image: string, isRetry: boolean): Fix {
  return {
    say: isRetry
      ? 'Signet could not decide it: ask again, and see its log. To see each place that it asked, run'
      : 'to see each signature and place that counted, run',
    command: `signet verify ${toShellWord(image)} --trust DIR`,
  };
}

function isReasonCode(code: string): code is ReasonCode {
  return CODES.has(code);
}

function listCodes(text: string): readonly string[] {
  return [...text.matchAll(IN_TEXT)].flatMap(([, code = '']) => (CODES.has(code) ? [code] : []));
}
