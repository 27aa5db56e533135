/** What healing a server from one partner came to, or has come to so far. */
export interface HealProgress {
  server: string;
  partner: string;
  /** Stretches of time of one target in which it lacked something. */
  holes: number;
  /** Of which were looked at to the end. */
  done: number;
  series: number;
  samples: number;
  /** Native histograms that the server would not take. */
  refusedHistograms: number;
}
