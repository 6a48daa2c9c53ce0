import type { PreparedTrust } from '../../../trust/prepared/prepared-trust.ts';
import type { Fix, ReleaseFacts } from '../explanation.ts';

const UNSET_STORES =
  'oc patch clusterversion version --type json --patch \'[{"op":"remove","path":"/spec/signatureStores"}]\'';

/** What to do about the places that a cluster asked for signatures. */
export function toStoreFixes({ asked }: ReleaseFacts): readonly Fix[] {
  const fixes: Fix[] = [];
  const custom = asked.filter(({ place }) => place.kind === 'signature-stores');
  if (custom.some(({ answer }) => answer === 'misconfigured')) {
    fixes.push({
      say: 'spec.signatureStores is an empty list, which the operator treats as an error: remove the field',
      command: UNSET_STORES,
    });
  } else if (custom.length > 0) {
    fixes.push({
      say: 'spec.signatureStores replaces the default stores, and none of its stores has the signature: remove the field to use the default stores',
      command: UNSET_STORES,
    });
  }
  for (const { place, answer, text } of asked) {
    if (place.kind !== 'url' || answer !== 'failed') continue;
    fixes.push({
      say:
        text === 'response status 403' || text === '403'
          ? `${place.url} answered 403: a bucket that may not be listed answers so for a missing object; let it answer 404`
          : `${place.url} failed (${text}): it may hold the signature`,
    });
  }
  return fixes;
}

/** What to do about a release that was not downloaded. */
export function toDownloadFix(facts: ReleaseFacts, trust: PreparedTrust | undefined): Fix {
  if (!facts.faults.some(({ fault }) => fault === 'pull-refused')) return toMirrorFix(facts, trust);
  return {
    say: 'the release image itself was refused by the node that pulled it, by the node’s image policy: what is said of that image below is to be mended. Where it is pulled from a mirror, its Sigstore signature has to be there too',
    command:
      'signet mirror sigstore --trust DIR --from quay.io/openshift-release-dev/ocp-release --to MIRROR --digest DIGEST',
  };
}

function toMirrorFix({ image }: ReleaseFacts, trust: PreparedTrust | undefined): Fix {
  const rules = trust?.mirrorRules.filter(({ source }) => image?.startsWith(source) === true) ?? [];
  const known = rules.map(({ origin, mirrors }) => `${origin} redirects it to ${mirrors.join(', ')}`);
  return {
    say: `the release could not be downloaded: this is not a signature problem. Its registry, or a mirror of it, must be reachable${known.length === 0 ? '' : `; ${known.join('; ')}`}`,
    command: 'signet render mirror-sets --mirror REGISTRY/REPOSITORY | oc apply -f -',
  };
}
