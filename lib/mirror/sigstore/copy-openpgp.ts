import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { RegistryClient } from '../../registry/client/registry-client.ts';
import type { RegistryPusher } from '../../registry/client/registry-pusher.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { createImageJudge } from '../sync/mirror-digest.ts';
import type { PutResult } from './put-attachment.ts';
import type { AttachedImage, AttachmentTrust } from './read-attachment.ts';
import type { FailedAttachment, SelectedAttachments } from './select-attachments.ts';

/** Two registries whose signature extensions are read, and one that is written. */
export interface ExtensionRegistries {
  readonly from: Pick<RegistryClient, 'readSignatureExtension'>;
  readonly to: Pick<RegistryClient, 'readSignatureExtension'> & Pick<RegistryPusher, 'putSignature'>;
}

/** What became of the OpenPGP signatures of one image. */
interface CopiedOpenpgp extends Pick<SelectedAttachments, 'rejected' | 'failed'> {
  readonly attachments: readonly Put[];
}

type Put = { readonly location: string } & PutResult;

/**
 * Copies the OpenPGP signatures that a registry holds by its signature extension to another registry that has it: those
 * that a policy of the profile accepts, each once in whatever framing. Nothing is removed there. Nothing is read where no
 * policy asks for such signatures.
 *
 * @throws the abort reason of the signal
 */
export async function copyOpenpgp(
  image: AttachedImage & { readonly to: Repository },
  { from, to }: ExtensionRegistries,
  { prepared, now, signal }: AttachmentTrust,
): Promise<CopiedOpenpgp> {
  const { digest, place } = image;
  const { names, judge } = createImageJudge(image, prepared, now());
  if (names.length === 0) return { attachments: [], rejected: [], failed: [] };
  const source = `${place}@${digest} (signature extension)`;
  const [attachments, rejected, failed]: [Put[], CopiedOpenpgp['rejected'][number][], FailedAttachment[]] = [
    [],
    [],
    [],
  ];
  const attempt = async <T>(step: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await step();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StoreError)) throw error;
      failed.push({ location: source, message: error.message });
      return undefined;
    }
  };
  const offered = await attempt(() => readOffered(from, place, digest, signal));
  if (offered?.fault !== undefined) failed.push({ location: source, message: offered.fault.message, isDamaged: true });
  const good: { readonly location: string; readonly message: Uint8Array; readonly identities: readonly string[] }[] =
    [];
  for (const [at, message] of (offered?.untrustedSignatures ?? []).entries()) {
    const location = `${source}#${at + 1}`;
    const { identities, reasons } = judge(message);
    if (identities.length > 0) good.push({ location, message, identities });
    else rejected.push({ location, reasons });
  }
  if (good.length === 0) return { attachments, rejected, failed };
  await attempt(async () => {
    const held = await readHeld(image, to, judge, signal);
    for (const { location, message, identities } of good) {
      if (held === undefined) {
        rejected.push({ location, reasons: [toNoPlace(image.to)] });
        continue;
      }
      const isHeld = identities.some((identity) => held.has(identity));
      const isSent = !isHeld && (await to.putSignature(image.to, digest, message, signal));
      for (const identity of identities) held.add(identity);
      attachments.push({ location, outcome: isSent ? 'copied' : 'held' });
    }
    if (attachments.every(({ outcome }) => outcome === 'held')) return;
    const after = await readHeld(image, to, judge, signal);
    const lost = good.filter(({ identities }) => !identities.some((identity) => after?.has(identity)));
    failed.push(...lost.map(({ location }) => ({ location, message: `${image.to} took it, and does not list it` })));
  });
  return { attachments, rejected, failed };
}

/** Undefined for a registry without the extension, and for an image that it does not have. */
async function readOffered(
  from: ExtensionRegistries['from'],
  place: Repository,
  digest: Digest,
  signal: AbortSignal,
): ReturnType<ExtensionRegistries['from']['readSignatureExtension']> {
  try {
    return await from.readSignatureExtension(place, digest, signal);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'NotFound') return undefined;
    throw error;
  }
}

/** The identities of the signatures there that count; undefined for a registry without the extension. */
async function readHeld(
  { to: place, digest }: { readonly to: Repository; readonly digest: Digest },
  to: ExtensionRegistries['to'],
  judge: ReturnType<typeof createImageJudge>['judge'],
  signal: AbortSignal,
): Promise<Set<string> | undefined> {
  const held = await to.readSignatureExtension(place, digest, signal);
  if (held === undefined) return undefined;
  // What is behind the last one that is read may be one of ours, and nodes may not read it either.
  if (held.fault?.code === 'LimitExceeded') throw held.fault;
  return new Set(held.untrustedSignatures.flatMap((message) => judge(message).identities));
}

function toNoPlace(to: Repository): Reason {
  const message = `${to} has no signature extension: nodes that pull there read OpenPGP signatures in a lookaside`;
  return { code: 'SignatureUnsupported', message };
}
