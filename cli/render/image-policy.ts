import { type ManifestFormat, toManifestsText } from '../../lib/base/documents/manifest-text.ts';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { type ClusterFlavour, type PolicyException, toImagePolicies } from '../../lib/cluster/render/image-policy.ts';
import { parseTargetMinor } from '../../lib/cluster/render/machine-config/node-versions.ts';
import { parseTrustedCertificates } from '../../lib/crypto/sigstore/x509/certificate.ts';
import { parsePublicKey, toKeyBytes } from '../../lib/crypto/sigstore/x509/public-key.ts';
import type { KeySource, SigstoreRoot } from '../../lib/trust/policy/policy-requirement.ts';
import type { SignedIdentity } from '../../lib/trust/policy/signed-identity.ts';
import { toPrintable } from '../shell/output.ts';
import { MAX_KEY_FILE_BYTES, readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RenderImagePolicyOptions {
  readonly name: string;
  readonly namespace?: string;
  readonly scope: readonly string[];
  readonly key?: string;
  readonly rekorKey?: string;
  readonly fulcioCa?: string;
  readonly oidcIssuer?: string;
  readonly email?: string;
  readonly hostname?: string;
  readonly pkiRoots?: string;
  readonly pkiIntermediates?: string;
  readonly match: 'MatchRepoDigestOrExact' | 'MatchRepository';
  readonly exactRepository?: string;
  readonly remap: readonly string[];
  readonly except: readonly string[];
  readonly exceptKey: readonly string[];
  readonly signed: readonly string[];
  readonly pullSource: readonly string[];
  readonly profile: ClusterFlavour;
  readonly targetVersion?: string;
  readonly force?: boolean;
  readonly output: ManifestFormat;
}

/** @returns the exit status: 1 when the cluster would not take the policy or be locked out by it, and nothing is written */
export async function renderImagePolicy(options: RenderImagePolicyOptions): Promise<number> {
  const { name, namespace, scope, pullSource, signed, targetVersion, output, force } = options;
  const { manifests, faults, warnings } = toImagePolicies({
    flavour: options.profile,
    name,
    namespace,
    scopes: scope,
    root: await readRoot(options),
    identity: toIdentity(options),
    remaps: options.remap.map(parseRemap),
    exceptions: await readExceptions(options),
    minor: targetVersion === undefined ? undefined : parseTargetMinor(targetVersion),
    pullSources: pullSource,
    signed,
  });
  for (const warning of warnings) say(`warning: ${warning}`);
  const isWritten = manifests.length > 0 && force === true;
  for (const fault of faults) say(`${isWritten ? 'warning: forced' : 'refused'}: ${fault}`);
  if (faults.length > 0 && !isWritten) {
    say(manifests.length === 0 ? 'nothing is written' : 'nothing is written; --force writes it all the same');
    return ExitStatus.rejected;
  }
  process.stdout.write(toManifestsText(manifests, output));
  return ExitStatus.done;
}

/** One root of trust, of one kind. @throws InputError, ConfigurationError */
async function readRoot(options: RenderImagePolicyOptions): Promise<SigstoreRoot> {
  const { key, rekorKey, fulcioCa, oidcIssuer, email, hostname, pkiRoots, pkiIntermediates } = options;
  const named = [key, fulcioCa, pkiRoots].filter((one) => one !== undefined);
  if (named.length !== 1) throw invalid('name one root of trust: --key, --fulcio-ca or --pki-roots');
  const refuse = (...flags: readonly [value: string | undefined, flag: string][]): void => {
    const stray = flags.find(([value]) => value !== undefined);
    if (stray !== undefined) throw invalid(`${stray[1]} does not go with the root of trust that is named`);
  };
  const rekorKeys = rekorKey === undefined ? [] : [await readPublicKey('--rekor-key', rekorKey)];
  if (key !== undefined) {
    refuse([oidcIssuer, '--oidc-issuer'], [email, '--email'], [hostname, '--hostname']);
    refuse([pkiIntermediates, '--pki-intermediates']);
    return { kind: 'keys', keys: [await readPublicKey('--key', key)], rekorKeys };
  }
  if (fulcioCa !== undefined) {
    refuse([hostname, '--hostname'], [pkiIntermediates, '--pki-intermediates']);
    if (oidcIssuer === undefined || email === undefined || rekorKeys.length === 0) {
      throw invalid('--fulcio-ca needs --oidc-issuer, --email and --rekor-key');
    }
    return {
      kind: 'fulcio',
      ca: await readCertificates('--fulcio-ca', fulcioCa),
      oidcIssuer,
      subjectEmail: email,
      rekorKeys,
    };
  }
  refuse([oidcIssuer, '--oidc-issuer'], [rekorKey, '--rekor-key']);
  if (email === undefined && hostname === undefined) throw invalid('--pki-roots needs --email or --hostname');
  return {
    kind: 'pki',
    caRoots: await readCertificates('--pki-roots', pkiRoots ?? ''),
    caIntermediates:
      pkiIntermediates === undefined ? undefined : await readCertificates('--pki-intermediates', pkiIntermediates),
    subjectEmail: email,
    subjectHostname: hostname,
  };
}

/** Written anew, since the API takes a PEM block alone: no text around it, and no other label. */
async function readPublicKey(flag: string, file: string): Promise<KeySource> {
  const bytes = await readInput(file, MAX_KEY_FILE_BYTES);
  return atFile(flag, file, () => toPem('PUBLIC KEY', [toKeyBytes(parsePublicKey(bytes, 'the key'))]));
}

async function readCertificates(flag: string, file: string): Promise<KeySource> {
  const bytes = await readInput(file, MAX_KEY_FILE_BYTES);
  return atFile(flag, file, () =>
    toPem(
      'CERTIFICATE',
      parseTrustedCertificates(bytes, 'the file').map(({ der }) => der),
    ),
  );
}

function toPem(label: string, blocks: readonly Uint8Array[]): KeySource {
  const written = blocks.map((der) => {
    const lines =
      Buffer.from(der)
        .toString('base64')
        .match(/.{1,64}/g) ?? [];
    return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
  });
  return { kind: 'data', bytes: Buffer.from(written.join('')) };
}

function atFile<T>(flag: string, file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new ConfigurationError(cause.code, cause.message, { cause, position: { document: `${flag} ${file}` } });
  }
}

function toIdentity({ match, exactRepository }: RenderImagePolicyOptions): SignedIdentity {
  if (exactRepository !== undefined) return { type: 'exactRepository', dockerRepository: exactRepository };
  return { type: match === 'MatchRepository' ? 'matchRepository' : 'matchRepoDigestOrExact' };
}

function parseRemap(text: string): { readonly prefix: string; readonly signedPrefix: string } {
  const [prefix, signedPrefix] = split('--remap', text, '<mirror>=<signed name>');
  return { prefix, signedPrefix };
}

async function readExceptions({ except, exceptKey }: RenderImagePolicyOptions): Promise<readonly PolicyException[]> {
  const keys = new Map(exceptKey.map((text) => split('--except-key', text, '<name>=<file>')));
  if (keys.size < exceptKey.length) throw invalid('--except-key: one exception has two keys');
  const scopes = new Map<string, string[]>();
  for (const text of except) {
    const [name, scope] = split('--except', text, '<name>=<scope>');
    const known = scopes.get(name);
    if (known === undefined) scopes.set(name, [scope]);
    else known.push(scope);
  }
  const stray = [...keys.keys()].find((name) => !scopes.has(name));
  if (stray !== undefined) throw invalid(`--except-key: there is no exception ${JSON.stringify(stray)}`);
  const exceptions: PolicyException[] = [];
  for (const [name, of] of scopes) {
    const file = keys.get(name);
    const key = file === undefined ? undefined : await readPublicKey(`--except-key ${name}`, file);
    exceptions.push({
      name,
      scopes: of,
      root: key === undefined ? undefined : { kind: 'keys', keys: [key], rekorKeys: [] },
    });
  }
  return exceptions;
}

function split(flag: string, text: string, expected: string): readonly [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0 && equals < text.length - 1) return [text.slice(0, equals), text.slice(equals + 1)];
  throw invalid(`${flag}: expected ${expected}, not ${JSON.stringify(text)}`);
}

function say(text: string): void {
  process.stderr.write(`signet: ${toPrintable(text)}\n`);
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
