import { print } from '../cli/shell/output.ts';
import { parsePullspec } from '../lib/base/names/reference.ts';
import { createUpstreamStores } from '../lib/stores/open/open-stores.ts';
import { prepareTrust } from '../lib/trust/prepare/prepare-trust.ts';
import { type ReadyTrust, toReadyTrust } from '../lib/trust/source/trust-source.ts';
import { decideImage } from '../lib/verdict/decide/decide-image.ts';
import type { Verdict } from '../lib/verdict/judge/verdict.ts';
import { DEMO_PROFILE, toDemoDocuments } from './demo-documents.ts';
import { DEMO_REPOSITORY, type DemoPublisher, makeDemoReleases } from './demo-releases.ts';
import { serveReleases } from './serve-releases.ts';

interface Row {
  readonly title: string;
  readonly verdict: Verdict;
}

/** Everything is made in memory and served on loopback: nothing is left behind. */
async function main(): Promise<number> {
  print('Making a publisher’s key, three signed releases and four bad ones …');
  const publisher = await makeDemoReleases();
  const served = await serveReleases(publisher.releases);
  const upstream = createUpstreamStores({ allowPrivateAddresses: true });
  try {
    print(`Their signatures are served at ${served.url}/sha256=<hex>/signature-1\n`);
    const trust = await makeTrust(publisher, served.url);
    const { release: store, lookaside, manifests } = upstream.open(trust.prepared);
    const rows: Row[] = [];
    for (const { title, digest } of publisher.releases) {
      const pullspec = parsePullspec(`${DEMO_REPOSITORY}@${digest}`);
      const signal = new AbortController().signal;
      const places = { store, lookaside, manifests };
      const { verdict } = await decideImage({ pullspec }, trust, { ...places, now: () => new Date(), signal });
      rows.push({ title, verdict });
    }
    print(formatRows(rows));
    const accepted = rows.filter(({ verdict }) => verdict.outcome === 'accepted').length;
    print(
      `\n${accepted} accepted, ${rows.length - accepted} rejected. To try it on a real release: docs/guides/getting-started.md.`,
    );
    return accepted === 3 && rows.length === 7 ? 0 : 1;
  } finally {
    upstream.close();
    await served.close();
  }
}

async function makeTrust({ armoredKey }: DemoPublisher, storeUrl: string): Promise<ReadyTrust> {
  return toReadyTrust(await prepareTrust(DEMO_PROFILE, toDemoDocuments(armoredKey, storeUrl)), new Date());
}

function formatRows(rows: readonly Row[]): string {
  const header = ['RELEASE', 'DIGEST', 'VERDICT', 'WHY'] as const;
  const lines = rows.map(({ title, verdict }) => {
    const [reason] = verdict.reasons;
    const verified = verdict.attempts.find(({ code }) => code === 'Verified');
    const why = reason === undefined ? `signed by ${verified?.signer ?? ''}` : `${reason.code}: ${reason.message}`;
    return [title, `${verdict.digest?.slice(0, 15) ?? ''}…`, verdict.outcome, why] as const;
  });
  return [header, ...lines]
    .map(([title, digest, outcome, why]) => `${title.padEnd(31)} ${digest.padEnd(17)} ${outcome.padEnd(9)} ${why}`)
    .join('\n');
}

process.exitCode = await main();
