import { formatUnixTime } from '../../lib/base/documents/unix-time.ts';
import { evaluateCandidate, type Rejection } from '../../lib/base/errors/evaluate-candidate.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { parseDigest } from '../../lib/base/names/digest.ts';
import {
  type Artifact,
  type ArtifactTrust,
  MAX_ARTIFACT_BUNDLE_BYTES,
  verifyArtifactBundle,
} from '../../lib/crypto/sigstore/verify-artifact-bundle.ts';
import { parsePublicKey } from '../../lib/crypto/sigstore/x509/public-key.ts';
import { openTrustedRoot, type TrustedRootOptions } from '../open/trusted-root.ts';
import type { OutputOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { MAX_KEY_FILE_BYTES, readInput, readInputStart } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface SigstoreVerifyOptions extends TrustedRootOptions, OutputOptions {
  readonly bundle: string;
  readonly certificateIdentity?: string;
  readonly certificateOidcIssuer?: string;
  readonly key?: string;
}

/** Bytes of a signed file: it is held in memory, because some signatures are over the whole. */
const MAX_FILE_BYTES = 1024 * 1024 * 1024;

type Result =
  | {
      readonly valid: true;
      readonly artifact: string;
      readonly content: 'signature' | 'statement';
      readonly predicateType?: string;
      readonly signer: string;
      readonly identity?: string;
      readonly issuer?: string;
      readonly times: readonly string[];
      readonly logged: boolean;
    }
  | ({ readonly valid: false; readonly artifact: string } & Rejection);

/** @returns the exit status */
export async function verifySigstore(named: string, options: SigstoreVerifyOptions): Promise<number> {
  const trust = await openArtifactTrust(options);
  // One byte over the limit is enough for the parser to refuse it with its code.
  const bundle = await readInputStart(options.bundle, MAX_ARTIFACT_BUNDLE_BYTES + 1);
  const artifact = await readArtifact(named);
  const evaluated = evaluateCandidate((): Result => {
    const now = Math.floor(Date.now() / 1000);
    const { times, predicateType, ...proven } = verifyArtifactBundle(bundle, trust, artifact, now);
    return {
      valid: true,
      artifact: named,
      ...proven,
      ...(predicateType === undefined ? {} : { predicateType }),
      ...(trust.kind === 'identity' ? { identity: trust.identity, issuer: trust.issuer } : {}),
      times: times.map(formatUnixTime),
    };
  });
  const result: Result =
    evaluated.kind === 'evaluated' ? evaluated.value : { valid: false, artifact: named, ...evaluated.rejection };
  printResult(options.output, result, formatResult);
  return result.valid ? ExitStatus.accepted : ExitStatus.rejected;
}

async function openArtifactTrust(options: SigstoreVerifyOptions): Promise<ArtifactTrust> {
  const { key: keyFile, certificateIdentity: identity, certificateOidcIssuer: issuer } = options;
  if (keyFile !== undefined) {
    const key = parsePublicKey(await readInput(keyFile, MAX_KEY_FILE_BYTES), keyFile);
    return { kind: 'key', key, root: await openTrustedRoot(options) };
  }
  if (identity === undefined || issuer === undefined) {
    throw invalid('say who must have signed: --key, or --certificate-identity and --certificate-oidc-issuer');
  }
  const root = await openTrustedRoot(options);
  if (root === undefined) throw invalid('an identity needs --trusted-root, or --trust with a trusted_root.json in it');
  return { kind: 'identity', identity, issuer, root };
}

/** A file that is called like a digest is named by its path, such as `./sha256:…`. */
async function readArtifact(named: string): Promise<Artifact> {
  if (/^sha(?:256|384|512):/.test(named)) return { kind: 'digest', digest: parseDigest(named) };
  return { kind: 'content', bytes: await readInput(named, MAX_FILE_BYTES) };
}

function formatResult(result: Result): string {
  if (!result.valid) {
    const note = result.note === undefined ? '' : `\n  note    ${result.note}`;
    return `invalid  ${result.artifact}\n  ${result.code}: ${result.message}${note}`;
  }
  const { artifact, content, predicateType, signer, identity, issuer, times, logged } = result;
  const lines = [`valid  ${artifact}`];
  if (identity !== undefined) lines.push(`  signer  ${identity}`, `  issuer  ${issuer}`);
  lines.push(`  key     ${signer}`);
  if (content === 'statement') lines.push(`  states  ${predicateType}`);
  lines.push(...times.map((time) => `  signed  by ${time}`));
  lines.push(`  logged  ${logged ? 'yes' : 'not checked: there is no trusted root'}`);
  return lines.join('\n');
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
