import type { Submission, SubmitChange, Workflow } from "@flovyn/domain";

/** The outcome of one activation, with the workflow it is about, as it was locked. */
export interface Submitted {
  workflow: Workflow;
  submission: Submission;
}

/** A submission that was applied: `workflow` is as it was before, `change.next` as it is now. */
export interface Applied {
  workflow: Workflow;
  change: SubmitChange;
}
