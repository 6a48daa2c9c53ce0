import { toKeyName } from '../../../lib/crypto/sigstore/x509/public-key.ts';
import {
  ARTIFACT,
  type ArtifactBundlePlan,
  makeArtifactBundle,
  OTHER_ARTIFACT,
} from '../../crypto/sigstore/make-artifact-bundle.ts';
import { makeKeys } from '../../crypto/sigstore/make-certificate.ts';
import { formatRoot, IDENTITY, LOGIN, makeLog, makeStamp } from '../../crypto/sigstore/make-instance.ts';
import { NOW, toPem } from '../../crypto/sigstore/make-signature.ts';
import type { BundleSeeds } from './read-seeds.ts';

/** Bundles of one file, by a login and by a key, of logs of both versions, with timestamps; and some that are not. */
export function makeBundleSeeds(): BundleSeeds {
  const [keys, stranger] = [makeKeys(), makeKeys()];
  const log = makeLog('stranger.example.com', stranger);
  const stamp = { time: NOW + 60 };
  const good: readonly (readonly [name: string, plan: ArtifactBundlePlan])[] = [
    ['log of version 2', { stamp }],
    ['log of version 1', { logVersion: 1 }],
    ['both times', { logVersion: 1, stamp }],
    ['statement', { content: 'statement', stamp }],
    ['statement, log of version 1', { content: 'statement', logVersion: 1 }],
    ['statement, entry of the kind intoto', { content: 'statement', logVersion: 1, kind: 'intoto' }],
    ['statement, entry of the kind dsse of version 2', { content: 'statement', kind: 'dsse', stamp }],
    ['version 0.1', { version: '0.1' }],
    ['version 0.2', { version: '0.2', logVersion: 1 }],
    ['by a key', { byKey: true, stamp }],
    ['by a key, log of version 1', { byKey: true, logVersion: 1 }],
    ['by a key, not logged', { byKey: true, log: undefined, stamp: undefined }],
  ];
  const bad: readonly (readonly [name: string, plan: ArtifactBundlePlan])[] = [
    ['another file', { artifact: OTHER_ARTIFACT, stamp }],
    ['a statement of another file', { artifact: OTHER_ARTIFACT, content: 'statement', stamp }],
    ['another login', { keys: stranger, leaf: { identity: 'https://ci.example.com/other' }, stamp }],
    ['another key', { keys: stranger, byKey: true, stamp }],
    ['a log of strangers', { keys: stranger, log }],
    ['no promise of a certificate log', { keys: stranger, leaf: { log: undefined }, stamp }],
    ['after the certificate', { keys: stranger, stamp: { time: NOW + 900 } }],
  ];
  const toSeed = ([name, plan]: readonly [string, ArtifactBundlePlan], isGood: boolean) => ({
    name,
    isGood,
    isByKey: plan.byKey === true,
    bytes: makeArtifactBundle({ keys, ...plan }).toString('base64'),
  });
  return {
    root: formatRoot({}),
    identity: IDENTITY,
    issuer: LOGIN,
    key: toPem(keys.publicKey),
    signer: toKeyName(keys.publicKey),
    artifact: ARTIFACT.toString('base64'),
    times: [NOW, NOW + 60],
    bundles: [...good.map((row) => toSeed(row, true)), ...bad.map((row) => toSeed(row, false))],
    stamps: [makeStamp({ ...stamp, signature: Buffer.from('another signature') }).toString('base64')],
  };
}
