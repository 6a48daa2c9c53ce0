/** What a finding is about. */
export type SurveyCheck = 'pullspec' | 'local-mirror' | 'signature-stores' | 'force' | 'hive' | 'mirror-sets' | 'files';

/**
 * `refused`: it would be refused, or does not work, once the policy is enforced. `warning`: know it before. `note`: how
 * it is. `unknown`: it cannot be told.
 */
export type Severity = 'refused' | 'warning' | 'note' | 'unknown';

export interface SurveyFinding {
  readonly check: SurveyCheck;
  readonly severity: Severity;
  /** The object and field, such as `ClusterVersion/version spec.desiredUpdate.image`. */
  readonly where: string;
  readonly message: string;
  readonly remedy?: string | undefined;
}

/** `ready`: nothing is refused. What is not shown is no yes: then it is `unknown`. */
export type ClusterOutcome = 'ready' | 'refused' | 'unknown';

export interface SurveyedCluster {
  readonly cluster: string;
  readonly outcome: ClusterOutcome;
  /** Of `status.desired`, as the cluster says it. */
  readonly version?: string | undefined;
  /** How it asks for releases, and where it looks for signatures. */
  readonly pullspecs: 'canonical' | 'local-mirror' | 'other' | 'not shown';
  readonly stores: 'default' | 'own' | 'broken' | 'not shown';
  readonly storeUrls: readonly string[];
  readonly forced: number;
  readonly findings: readonly SurveyFinding[];
}

export interface FleetSurvey {
  readonly outcome: ClusterOutcome;
  readonly profile: string;
  readonly canonicalRepositories: readonly string[];
  readonly clusters: readonly SurveyedCluster[];
}

export function finding(
  check: SurveyCheck,
  severity: Severity,
  where: string,
  message: string,
  remedy?: string,
): SurveyFinding {
  return { check, severity, where, message, ...(remedy === undefined ? {} : { remedy }) };
}
