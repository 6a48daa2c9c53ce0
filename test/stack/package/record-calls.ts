import { mkdir } from 'node:fs/promises';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { startUpdateService } from '../../support/servers/start-update-service.ts';
import type { AwsCall } from './aws/aws-call.ts';
import { startAws } from './aws/start-aws.ts';
import { readEnvironment } from './read-environment.ts';
import { reviewAdmission } from './scenarios/admission-scenario.ts';
import { exportBundle } from './scenarios/export-scenario.ts';
import { GRAPH, planMirror } from './scenarios/plan-scenario.ts';
import { EDGE, MANIFESTS, mirrorSignatures, receivePush, SECRETS, verifyPushed } from './scenarios/queue-scenarios.ts';
import {
  checkPullspec,
  readRecords,
  redriveLetters,
  servePage,
  serveSignature,
  verifyImage,
} from './scenarios/request-scenarios.ts';
import type { Scenario } from './scenarios/stage.ts';
import { publishTrust, reverify } from './scenarios/trust-scenarios.ts';
import { startBundle } from './start-bundle.ts';
import type { Template } from './template.ts';

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'check-pullspec': checkPullspec,
  'export-bundle': exportBundle,
  'mirror-signatures': mirrorSignatures,
  'plan-mirror': planMirror,
  'publish-trust': publishTrust,
  'read-records': readRecords,
  'redrive-letters': redriveLetters,
  'receive-push': receivePush,
  'review-admission': reviewAdmission,
  reverify,
  'serve-page': servePage,
  'serve-signature': serveSignature,
  'verify-image': verifyImage,
  'verify-pushed': verifyPushed,
};

export interface Recording {
  readonly name: string;
  readonly bundle: string;
  /** A template whose conditions are decided: it gives the environment, whole. */
  readonly settled: Template;
  /** Where the scenario may keep files. */
  readonly directory: string;
}

/** Every call to AWS that a function's bundle makes in its scenario. */
export async function recordCalls({ name, bundle, settled, directory }: Recording): Promise<readonly AwsCall[]> {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`there is no scenario of ${name}`);
  await mkdir(directory, { recursive: true });
  const graphs = await startUpdateService(() => GRAPH);
  const given = readEnvironment(settled, name);
  // Whatever the template names, it is not there; and a function without a graph to read calls nobody.
  const env = {
    ...given,
    ...(Object.hasOwn(given, 'SIGNET_GRAPHS') ? { SIGNET_GRAPHS: `ocp=${graphs.graphUrl}` } : {}),
    ...(Object.hasOwn(given, 'NO_PROXY') ? { NO_PROXY: '127.0.0.1,localhost,.amazonaws.com' } : {}),
  };
  const objects = createMemoryObjectStore();
  const aws = await startAws({ objects, secrets: SECRETS, manifests: MANIFESTS });
  try {
    const { invoke, stop } = await startBundle(bundle, env, aws.port);
    try {
      const isSet = (variable: string): boolean => (given[variable] ?? '') !== '';
      const ask = (event: object) => invoke(isSet('SIGNET_EDGE') ? throughEdge(event) : event);
      await scenario({ objects, upstream: directory, isSet, invoke: ask, loseAnswer: aws.loseAnswer });
    } finally {
      await stop();
    }
  } finally {
    await aws.stop();
    await graphs.close();
  }
  return aws.calls;
}

/** A request as the CDN passes it on; what is no request stays as it is. */
function throughEdge(event: object): object {
  if (!('headers' in event) || typeof event.headers !== 'object') return event;
  return { ...event, headers: { ...event.headers, 'x-signet-edge': EDGE } };
}
