import { MAX_EXCEPTIONS_BYTES, parseAuditExceptions } from '../../lib/artifact/release/audit-exceptions.ts';
import {
  type AuditedImage,
  auditRelease,
  RELEASE_ARCHITECTURES,
  isReleaseVersion,
  type ReleaseAudit,
} from '../../lib/artifact/release/audit-release.ts';
import type { AuditedSignature, AuditedStore } from '../../lib/artifact/release/audit-store.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { type Repository, repositoryHost } from '../../lib/base/names/reference.ts';
import { listBlobHosts } from '../../lib/registry/client/allowed-registries.ts';
import { openRegistries, parseRegistryRepository, toNamedTrust } from '../open/registries.ts';
import { openEachStore } from '../open/stores.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputOptions, StoreOptions, TrustOptions } from '../shell/options.ts';
import { printResult, styleOutcome } from '../shell/output.ts';
import { createProgress } from '../shell/progress.ts';
import { readInput } from '../shell/read-input.ts';
import { toExitStatus } from '../shell/run-program.ts';

export interface ReleaseAuditOptions extends TrustOptions, StoreOptions, OutputOptions {
  readonly arch: readonly string[];
  readonly repository?: string;
  readonly exceptions?: string;
  readonly pullSecret?: string;
  readonly registry: readonly string[];
  readonly allowRegistry: readonly string[];
}

/** @returns the exit status: 1 for a fault, 3 when a store or the registry did not answer */
export async function auditReleaseVersion(
  version: string,
  options: ReleaseAuditOptions,
  signal: AbortSignal,
): Promise<number> {
  if (!isReleaseVersion(version)) {
    throw new InputError('ArgumentInvalid', `${JSON.stringify(version)} is not a release's version, such as 4.16.37`);
  }
  const exceptions = await readExceptions(options.exceptions);
  const trust = await openTrust(options);
  const repository = toRepository(options.repository, trust.prepared.canonicalRepositories);
  const host = repositoryHost(repository);
  const named = await toNamedTrust('', [host, ...listBlobHosts(host), ...options.allowRegistry], options.tlsCa);
  const registries = openRegistries(options);
  const progress = createProgress('stores read');
  try {
    const reader = await registries.openRegistry(named);
    const { stores, close } = await openEachStore(options, trust.prepared);
    try {
      const audit = await auditRelease({
        version,
        repository,
        architectures: options.arch.length === 0 ? undefined : options.arch,
        reader,
        stores,
        trust,
        exceptions,
        now: new Date(),
        signal,
        onAudited: (done, total) => progress.show(done, { total }),
      });
      progress.end();
      signal.throwIfAborted();
      printResult(options.output, audit, formatAudit);
      return toExitStatus(audit.outcome);
    } finally {
      close();
    }
  } finally {
    progress.end();
    registries.close();
  }
}

async function readExceptions(file: string | undefined) {
  return file === undefined ? [] : parseAuditExceptions(file, await readInput(file, MAX_EXCEPTIONS_BYTES));
}

function toRepository(text: string | undefined, [canonical]: readonly Repository[]): Repository {
  if (text !== undefined) return parseRegistryRepository(text);
  if (canonical !== undefined) return canonical;
  throw new InputError('ArgumentInvalid', 'the profile names no canonical repository: name one by --repository');
}

function formatAudit({ outcome, version, repository, profile, trustRevision, images, tags }: ReleaseAudit): string {
  return [
    `${styleOutcome(outcome)}  ${version} of ${repository}`,
    `  profile   ${profile}, trust revision ${trustRevision.slice(0, 12)}`,
    ...images.flatMap(formatImage),
    ...tags.map(({ code, message, exception }) =>
      exception === undefined ? `  ${code}: ${message}` : `  ${code}: ${message}; ${formatException(exception)}`,
    ),
    ...(images.length === 0 && tags.every(({ code }) => code === 'TagMissing')
      ? [`  note      no tag matched: ${KNOWN}`]
      : []),
  ].join('\n');
}

const KNOWN = `tags of releases end in one of ${RELEASE_ARCHITECTURES.join(', ')}, or are in another repository`;

function formatImage({ architecture, part, platform, digest, stores }: AuditedImage): readonly string[] {
  const name = part === 'child' ? `${architecture} ${platform ?? 'child'}` : `${architecture} ${part}`;
  return [`  ${name}  ${digest}`, ...stores.flatMap(formatStore)];
}

function formatStore({ store, state, signatures, reasons, exception }: AuditedStore): readonly string[] {
  const count = signatures.filter((one) => one.state === 'verified').length;
  const counted = signatures.length === 0 ? '' : `, ${count} of ${signatures.length} signatures verify`;
  return [
    `    ${state.padEnd(8)}  ${store}${counted}${exception === undefined ? '' : `; ${formatException(exception)}`}`,
    ...(state === 'absent' || exception !== undefined
      ? []
      : reasons.map(({ code, message }) => `      ${code}: ${message}`)),
    ...signatures.flatMap(formatSignature),
  ];
}

function formatSignature({ location, state, signedFor, reasons }: AuditedSignature): readonly string[] {
  if (state === 'verified') return [];
  if (state === 'other-tag') return [`      ${location}: it is signed for ${signedFor ?? 'another tag'}`];
  return reasons.map(({ code, message }) => `      ${location}: ${code}: ${message}`);
}

function formatException({ reason, source }: { readonly reason: string; readonly source: string }): string {
  return `known: ${reason} (${source})`;
}
