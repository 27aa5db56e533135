/** What the processes of a fleet beside its servers are called. */
export interface MemberNames {
  gateway: string;
  evaluator: string;
  node: string;
  demo: string;
}

export function memberNames(fleet: string): MemberNames {
  return {
    gateway: `${fleet}-gateway`,
    evaluator: `${fleet}-evaluator`,
    node: `${fleet}-node`,
    demo: `${fleet}-demo`,
  };
}
