import { stringify } from 'yaml';
import { InputError } from '../../base/errors/input-error.ts';
import { parseReference, type Reference } from '../../base/names/reference.ts';
import type { PullFacts } from './explanation.ts';
import { type Fix, toShellWord } from './fix.ts';

/** What would let a node run an image, without asking less of it. */
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
      say: 'the requirement that the policy has for this image is reject: add a scope for its repository that says by which key it is signed',
    });
  }
  if (kinds.has('key') || kinds.has('certificate')) {
    fixes.push({
      say: 'there are signatures, and none by a key or certificate that the policy names: compare the key with the publisher’s',
    });
  }
  if (kinds.has('digest')) {
    fixes.push({ say: 'a signature of another image lies beside this one: copy the image and its signatures again' });
  }
  if (kinds.has('registry')) {
    fixes.push({ say: 'the registry did not hand out the image: that is no matter of signatures' });
  }
  if (kinds.size > (kinds.has('registry') ? 1 : 0)) fixes.push(toVerifyFix(image));
  return fixes;
}

/** Undefined for what is no reference: no file is made of it. */
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
    say: 'no signature was found. A sigstore signature beside the image is only read where a registries.d file says so; one in a lookaside only where a file names it; and a mirror has it only if it was copied with the image. The MachineConfig of signet render machineconfig --registries-d puts such a file on nodes',
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
      say: `the signature names ${identity ?? ''}, another tag or digest of the same repository: the requirement's signedIdentity can ask for the repository alone`,
      file: toIdentityFile({ type: 'matchRepository' }),
    };
  }
  return {
    say: `the signature names ${signed.repository}, and the image is pulled from ${reference.repository}: if that is a mirror of it, signedIdentity of the requirement can say so`,
    file: toIdentityFile({ type: 'remapIdentity', prefix: reference.repository, signedPrefix: signed.repository }),
  };
}

function toIdentityFile(signedIdentity: object): NonNullable<Fix['file']> {
  return { name: 'policy.json, in the requirement', text: `${JSON.stringify({ signedIdentity }, null, 2)}\n` };
}

function toVerifyFix(image: string | undefined): Fix {
  return {
    say: 'what each requirement of the policy finds is shown by',
    command: `signet image verify ${image === undefined ? 'docker://REF' : toShellWord(`docker://${image}`)} --policy policy.json --registries-d registries.d`,
  };
}
