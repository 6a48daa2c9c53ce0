import type { Digest } from '../../base/names/digest.ts';
import { type Pullspec, parsePullspec } from '../../base/names/pullspec.ts';
import { parseRepository } from '../../base/names/reference.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { ManifestReader } from '../../registry/profile/profile-registries.ts';
import type { Asked } from '../../verdict/records/verdict-record.ts';
import type { PushMessage } from '../receive/push-message.ts';
import { toSubject } from '../receive/to-subject.ts';
import { readSubject } from './read-subject.ts';

/** What a push comes to: an image to decide upon, or nothing. */
export type Question =
  | { readonly kind: 'image'; readonly asked: Asked; readonly pullspec: Pullspec }
  | { readonly kind: 'nothing'; readonly reason: string };

/**
 * The digest that a push asks about, at the repository that its own mirrors. The registry is asked only for what the
 * event does not say: a tag's digest, always anew, and the subject of a referrer.
 *
 * @param openRegistry called when the registry has to be asked
 * @throws StoreError of the registry
 */
export async function toQuestion(
  { push, mirrorOf }: PushMessage,
  openRegistry: (repository: Repository) => Promise<ManifestReader>,
  signal: AbortSignal,
): Promise<Question> {
  const repository = parseRepository(`${push.registry}/${push.repository}`);
  const subject = toSubject(push);
  const ask = (digest: Digest, named: string, tag?: string): Question => ({
    kind: 'image',
    asked: toAskedPush({ ...push, tag }, named),
    pullspec: parsePullspec(`${mirrorOf ?? repository}@${digest}`),
  });
  switch (subject.kind) {
    case 'ignored':
      return { kind: 'nothing', reason: subject.reason };
    case 'image':
    case 'subject': {
      const { digest, tag } = subject.push;
      if (digest !== undefined) return ask(digest, `${repository}${toSuffix(tag)}@${digest}`, tag);
      if (tag === undefined) return { kind: 'nothing', reason: 'neither a digest nor a tag was pushed' };
      const registry = await openRegistry(repository);
      // What was asked is the tag: that it stood for this digest, a later reader can only believe.
      return ask(await registry.resolveTag(repository, tag, signal), `${repository}:${tag}`, tag);
    }
    case 'referrer': {
      const { digest } = push;
      if (digest === undefined) return { kind: 'nothing', reason: 'a referrer without a digest' };
      const registry = await openRegistry(repository);
      const about = readSubject(await registry.readManifest(repository, digest, signal));
      if (about === undefined) return { kind: 'nothing', reason: `the manifest ${digest} has no subject` };
      return ask(about, `${repository}@${about}`);
    }
    default:
      return subject satisfies never;
  }
}

function toAskedPush({ source, registry, repository, tag }: PushMessage['push'], pullspec: string): Asked {
  return { source, registry, repository, ...(tag === undefined ? {} : { tag }), pullspec };
}

function toSuffix(tag: string | undefined): string {
  return tag === undefined ? '' : `:${tag}`;
}
