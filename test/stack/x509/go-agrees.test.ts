import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { SignatureError } from '../../../lib/base/errors/signature-error.ts';
import { parseSentCertificate, parseTrustedCertificates } from '../../../lib/crypto/sigstore/x509/certificate.ts';
import { verifyFulcioCertificate, verifyPkiCertificate } from '../../../lib/crypto/sigstore/x509/signer-certificate.ts';
import { findTool } from '../../support/tools.ts';
import { type ChainQuestion, makeChain } from './random-chain.ts';

const program = findTool('go-x509');
/** SIGNET_CHAINS and SIGNET_SEED make a longer run, or repeat a case. */
const CHAINS = Number(process.env['SIGNET_CHAINS'] ?? 3000);
const FIRST_SEED = Number(process.env['SIGNET_SEED'] ?? 1);
const BATCH = 1000;

interface GoAnswer {
  readonly accepted: boolean;
  readonly reason: string;
}

/** An IPv4 address in IPv6 form, which Go compares with no restriction. */
const MAPPED = '00000000000000000000ffff';

/** Where Signet is stricter than Go on purpose, or reads less: by the words of its refusal, and what the leaf holds. */
const STRICTER: readonly (RegExp | readonly [words: RegExp, leafHex: string])[] = [
  /certificate is not for signatures/,
  /may not sign certificates/,
  /the public exponent of the RSA key has more than 31 bits/,
  // Go passes over numbers below zero, what follows in a sequence, and restrictions of other kinds of names.
  /an integer is negative or not in its shortest form/,
  /the constraints of policies are not readable/,
  /critical extensions that are not supported: 2\.5\.29\.30$/,
  /the extended key usage names no purpose/,
  /a URI among the alternative names is not readable/,
  /the key is not in the form that its kind requires/,
  /the OIDC issuer is not (?:UTF-8|a string)/,
  [/an authority may not certify a name/, MAPPED],
];

function isExplained(refusal: string, { leaf }: ChainQuestion): boolean {
  return STRICTER.some((one) => {
    const [words, hex] = one instanceof RegExp ? [one, ''] : one;
    return words.test(refusal) && Buffer.from(leaf, 'base64').toString('hex').includes(hex);
  });
}

/** Go's refusals that have to come up, so that the generator shows something of each kind. */
const KINDS: readonly RegExp[] = [
  /invalid policies/,
  /is not permitted by any constraint/,
  /is excluded by constraint/,
  /unhandled critical extension/,
  /incompatible key usage/,
  /unknown authority/,
  /too many intermediates/,
  /has expired or is not yet valid/,
  /^x509: certificate is (?:not )?valid for/,
  /^(?:root|intermediate|leaf): /,
];

function askGo(questions: readonly ChainQuestion[]): readonly GoAnswer[] {
  const input = questions.map((question) => JSON.stringify(question)).join('\n');
  const { stdout, status } = spawnSync(program ?? '', { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  expect(status).toBe(0);
  const [, ...answers] = stdout.trim().split('\n');
  return answers.map((line) => JSON.parse(line) as GoAnswer);
}

const LOGIN = 'https://login.example.com';

/** What Signet says; undefined when it accepts. */
function judge({ kind, roots, intermediates, leaf, time, email, hostname }: ChainQuestion): string | undefined {
  try {
    const trusted = roots.flatMap((root) => parseTrustedCertificates(toPem(root), 'root'));
    const sent = intermediates.map((one) => parseSentCertificate(Buffer.from(one, 'base64'), 'intermediate'));
    const signer = parseSentCertificate(Buffer.from(leaf, 'base64'), 'leaf');
    const subjectEmail = email === '' ? undefined : email;
    const subjectHostname = hostname === '' ? undefined : hostname;
    if (kind === 'fulcio' && subjectEmail !== undefined) {
      const named = { ...signer, issuerV1: LOGIN, issuerV2: undefined };
      verifyFulcioCertificate(named, sent, { authorities: trusted, oidcIssuer: LOGIN, subjectEmail }, time);
    } else {
      verifyPkiCertificate(signer, sent, { roots: trusted, intermediates: [], subjectEmail, subjectHostname }, time);
    }
    return undefined;
  } catch (cause) {
    if (!(cause instanceof SignatureError || cause instanceof ConfigurationError)) throw cause;
    return `${cause.code}: ${cause.message}`;
  }
}

function toPem(certificate: string): Buffer {
  return Buffer.from(`-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`);
}

describe.skipIf(program === undefined)(`${CHAINS} generated chains`, () => {
  test('Signet accepts none that Go rejects, and says why it rejects what Go accepts', { timeout: 3_600_000 }, () => {
    const wrong: string[] = [];
    const unexplained: string[] = [];
    const needless = new Map<string, number[]>();
    const reasons: string[] = [];
    let accepted = 0;
    for (let first = FIRST_SEED; first < FIRST_SEED + CHAINS; first += BATCH) {
      const size = Math.min(BATCH, FIRST_SEED + CHAINS - first);
      // Fulcio's rules for names hold where an email address is asked for.
      const questions = Array.from({ length: size }, (_, index) => toAsked(makeChain(first + index)));
      const answers = askGo(questions);
      for (const [index, question] of questions.entries()) {
        const refusal = judge(question);
        const go = answers[index];
        reasons.push(go?.reason ?? '');
        if (refusal === undefined && go?.accepted !== true) wrong.push(`seed ${first + index}: ${go?.reason}`);
        if (refusal === undefined) accepted++;
        else if (go?.accepted === true) {
          if (!isExplained(refusal, question)) unexplained.push(`seed ${first + index}: ${refusal}`);
          const seeds = needless.get(refusal) ?? [];
          seeds.push(first + index);
          needless.set(refusal, seeds);
        }
      }
    }
    const counts = [...needless].map(([refusal, seeds]) => `${seeds.length} ${refusal} (seed ${seeds[0]})`);
    process.stderr.write(
      `${CHAINS} chains: ${accepted} accepted by both, ${wrong.length} by Signet alone; by Go alone:\n`,
    );
    for (const line of counts) process.stderr.write(`  ${line}\n`);
    expect(wrong).toEqual([]);
    expect(unexplained).toEqual([]);
    expect(KINDS.filter((kind) => !reasons.some((reason) => kind.test(reason)))).toEqual([]);
    // Both answers have to come up often: a generator of nothing but invalid chains would show nothing.
    expect(accepted).toBeGreaterThan(CHAINS / 10);
    expect(accepted).toBeLessThan((CHAINS * 9) / 10);
  });
});

function toAsked(question: ChainQuestion): ChainQuestion {
  return question.email === '' ? { ...question, kind: 'pki' } : question;
}
