/** What the label that tells the servers of a pair apart is usually called. */
const usual = /^(?:__|prometheus_|ha_|thanos_)?replica(?:__|_id|_external_label_name)?$|^prometheus_replica_/;

/** Whether an external label tells replicas apart; those of a fleet must not differ in any. */
export function isReplicaLabel(name: string): boolean {
  return usual.test(name);
}
