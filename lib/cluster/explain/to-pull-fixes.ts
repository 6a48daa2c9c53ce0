import { stringify } from 'yaml';
import { InputError } from '../../base/errors/input-error.ts';
import { parseReference, type Reference } from '../../base/names/reference.ts';
import type { PullFacts } from './explanation.ts';
import { type Fix, toShellWord } from './fix.ts';

/** Fixes that let a node run an image without weakening its policy. */
export function toPullFixes({ image, faults }: PullFacts): readonly Fix[] {
  const reference = image === undefined ? undefined : readReference(image);
  const kinds = new Set(faults.map(({ fault }) => fault));
  const fixes: Fix[] = [];
  if (kinds.has('no-signature') && reference !== undefined) fixes.push(toAttachmentsFix(reference));
  for (const { fault, identity } of faults) {
    if (fault === 'identity') fixes.push(toIdentityFix(reference, identity));
  }
  if (kinds.has('rejected-by-policy')) {
    fixes.push({
      say: 'the policy rejects this image: add a scope for its repository that names the key of its signer',
    });
  }
  if (kinds.has('key') || kinds.has('certificate')) {
    fixes.push({
      say: 'no signature is by a key or certificate that the policy names: compare the key with the publisher’s',
    });
  }
  if (kinds.has('digest')) {
    fixes.push({ say: 'the signature is of another image: copy the image and its signatures again' });
  }
  if (kinds.has('registry')) {
    fixes.push({ say: 'the registry did not serve the image: this is not a signature problem' });
  }
  if (kinds.size > (kinds.has('registry') ? 1 : 0)) fixes.push(toVerifyFix(image));
  return fixes;
}

/** Undefined for an invalid reference. */
function readReference(image: string): Reference | undefined {
  try {
    return parseReference(image);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function toAttachmentsFix({ repository }: Reference): Fix {
  return {
    say: 'no signature was found. Nodes read sigstore signatures in the registry only if a registries.d file enables them, and a lookaside only if a file names it; a mirror holds them only if they were copied with the image. signet render machineconfig --registries-d puts such a file on nodes',
    file: {
      name: 'registries.d/signatures.yaml',
      text: stringify({ docker: { [repository]: { 'use-sigstore-attachments': true } } }),
    },
  };
}

function toIdentityFix(reference: Reference | undefined, identity: string | undefined): Fix {
  const signed = readReference(identity ?? '');
  if (reference === undefined || signed === undefined) {
    return { say: 'the signature names another image: compare it with signedIdentity of the policy' };
  }
  if (signed.repository === reference.repository) {
    return {
      say: `the signature names ${identity ?? ''}, another tag or digest of the same repository: set signedIdentity of the requirement to match only the repository`,
      file: toIdentityFile({ type: 'matchRepository' }),
    };
  }
  return {
    say: `the signature names ${signed.repository}, and the image is pulled from ${reference.repository}: if that is a mirror, set signedIdentity of the requirement`,
    file: toIdentityFile({ type: 'remapIdentity', prefix: reference.repository, signedPrefix: signed.repository }),
  };
}

function toIdentityFile(signedIdentity: object): NonNullable<Fix['file']> {
  return { name: 'policy.json, in the requirement', text: `${JSON.stringify({ signedIdentity }, null, 2)}\n` };
}

function toVerifyFix(image: string | undefined): Fix {
  return {
    say: 'to see the result of each requirement of the policy, run',
    command: `signet image verify ${image === undefined ? 'docker://REF' : toShellWord(`docker://${image}`)} --policy policy.json --registries-d registries.d`,
  };
}
