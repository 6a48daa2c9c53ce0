import { stringify } from 'yaml';
import { InputError } from '../../../base/errors/input-error.ts';
import { parseReference, type Reference } from '../../../base/names/reference.ts';
import { type Engine, type Fix, type PullFacts, type PullFault, toShellWord } from '../explanation.ts';

const RENDER = 'signet render machineconfig --policy policy.json --registries-d registries.d --target-version VERSION';

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
  if (deniedBy !== undefined) return [...fixes, ...toDenialFixes(deniedBy, image)];
  if (kinds.size > (kinds.has('registry') ? 1 : 0)) fixes.push(toVerifyFix(image));
  return fixes;
}

const FIXES: ReadonlyMap<PullFault, Fix> = new Map<PullFault, Fix>([
  [
    'rejected-by-policy',
    { say: 'the policy rejects this image: add a scope for its repository that names the key of its signer' },
  ],
  [
    'key',
    {
      say: 'the signature is by a key that the policy does not name: compare its ID with the publisher’s keys, and add the key if it is theirs',
    },
  ],
  [
    'bad-signature',
    {
      say: 'the signature does not verify by any key that the policy names: it is by another key, or it was changed. Compare the key with the publisher’s',
    },
  ],
  [
    'expired',
    { say: 'the signature or its key has expired: take the publisher’s renewed key, or have the image signed again' },
  ],
  [
    'malformed',
    {
      say: 'what lies beside the image as a signature cannot be read: nodes refuse the image for it, whatever else is there. Remove it, or copy the signatures again',
    },
  ],
  [
    'certificate',
    {
      say: 'the certificate of the signature does not satisfy the policy: compare the certificate authority of the policy with the one that signed',
    },
  ],
  [
    'log',
    {
      say: 'the entry of the transparency log is missing, or is not by the log that the policy names: compare rekorPublicKey, or sign with a log that the policy asks for',
    },
  ],
  [
    'policy-key',
    {
      say: 'a key that the policy names cannot be used by this node: nodes take PEM keys, and ECDSA keys of Rekor alone',
    },
  ],
  [
    'policy-invalid',
    {
      say: 'the node’s policy cannot be read, so that it pulls no image at all: write it for the version of the node',
      command: RENDER,
    },
  ],
  ['digest', { say: 'the signature is of another image: copy the image and its signatures again' }],
  [
    'lookaside',
    {
      say: 'the place of the signatures did not answer: this is not yet a signature problem. Nodes need it at each pull',
    },
  ],
  ['registry', { say: 'the registry did not serve the image: this is not a signature problem' }],
]);

/** Fixes that name what the message names. */
const NAMED_FIXES: ReadonlyMap<PullFault, (identity: string, text: string) => Fix> = new Map([
  [
    'email',
    (identity: string, text: string): Fix => {
      const got = text.slice(text.indexOf('(got'));
      const found = [...got.matchAll(/"([^"\n]{1,320})"/g)].map(([, one]) => one).join(', ');
      return {
        say: `the identity differs, and not the key: the policy requires ${identity}, and the certificate names ${found === '' ? 'none' : found}. Set subjectEmail of the policy to who signs, or have ${identity} sign`,
      };
    },
  ],
  [
    'issuer',
    (identity: string): Fix => ({
      say: `the certificate was given out for an identity of ${identity}: set oidcIssuer of the policy to it if the publisher’s identities come from there`,
    }),
  ],
  [
    'key-file',
    (identity: string): Fix => ({
      say: `the policy of the node names ${identity}, and the node has no such file: put it on the nodes, or take it out of the policy`,
      command: RENDER,
    }),
  ],
  [
    'policy-member',
    (identity: string): Fix => ({
      say: `this version of the node does not know ${JSON.stringify(identity)}, so that the whole policy is invalid there and it pulls no image: write the policy for the version of the node`,
      command: RENDER,
    }),
  ],
]);

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
