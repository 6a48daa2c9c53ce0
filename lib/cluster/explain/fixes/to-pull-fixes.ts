import { stringify } from 'yaml';
import { InputError } from '../../../base/errors/input-error.ts';
import { parseReference, type Reference } from '../../../base/names/reference.ts';
import { type Fix, type PullFacts, toShellWord } from '../explanation.ts';
import type { Engine, PullFault } from '../patterns/statement.ts';
import { FIXES, NAMED_FIXES } from './pull-sentences.ts';

/** Fixes that let a node run an image without weakening its policy. */
export function toPullFixes({ image, deniedBy, faults }: PullFacts): readonly Fix[] {
  const reference = image === undefined ? undefined : readReference(image);
  const kinds = new Set(faults.map(({ fault }) => fault));
  const fixes: Fix[] = [];
  if (kinds.has('no-signature') && reference !== undefined) fixes.push(toAttachmentsFix(reference));
  for (const { fault, identity } of faults) {
    if (fault === 'identity') fixes.push(toIdentityFix(reference, identity));
  }
  fixes.push(...[...kinds].flatMap((kind) => FIXES.get(kind) ?? []));
  for (const { fault, identity = '', text } of faults) {
    const toFix = NAMED_FIXES.get(fault);
    if (toFix !== undefined) fixes.push(toFix(identity, text));
  }
  if (deniedBy !== undefined) return isOfOpenShift(image) ? [...fixes, ...toDenialFixes(deniedBy, image)] : fixes;
  if (kinds.has('no-signature') && isOfOpenShift(image)) fixes.push(toCopyFix(image));
  if ([...kinds].some((kind) => !NOT_OF_AN_IMAGE.includes(kind))) fixes.push(toVerifyFix(image));
  return fixes;
}

/** Faults that a look at the image's signatures does not explain. */
const NOT_OF_AN_IMAGE: readonly PullFault[] = [
  'registry',
  'os-image',
  'policy-scope',
  'policy-conflict',
  'payload-blocked',
  'policy-open',
  'registries-d',
  'destination',
];

/** Releases, their components, and mirrors of both by their usual names. */
const OPENSHIFT =
  /(?:^|\/)(?:openshift-release-dev|openshift4?|okd|ocp4?|ocp-release|ocp-v[0-9.]{1,8}-art-dev|release-images?|scos-release)(?:\/|@|:|$)|^registry\.redhat\.io\//;

/** Other images are the business of whoever wrote the policy. */
function isOfOpenShift(image: string | undefined): boolean {
  return image !== undefined && OPENSHIFT.test(image);
}

function toCopyFix(image: string | undefined): Fix {
  const { repository, digest } = readReference(image ?? '') ?? {};
  const from = repository === undefined ? 'REPOSITORY' : toShellWord(repository);
  return {
    say: 'where nodes pull it from a mirror, its Sigstore signature has to be in the mirror too: to copy it, run',
    command: `signet mirror sigstore --trust DIR --from ${from} --to MIRROR --digest ${digest ?? 'DIGEST'}`,
  };
}

function toDenialFixes(by: Engine, image: string | undefined): readonly Fix[] {
  const name = by === 'kyverno' ? 'Kyverno' : 'policy-controller';
  const reference = image === undefined ? 'IMAGE' : toShellWord(image);
  return [
    {
      say: `${name} denied it before any node pulled it. See which signatures the image has, and whether ${name} reads them`,
      command: `signet image readers ${reference}`,
    },
    {
      say: `OpenShift’s own images are signed by Red Hat’s keys and are judged by the cluster: leave openshift-* namespaces out of the policy of ${name}, or give it those keys`,
    },
  ];
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
