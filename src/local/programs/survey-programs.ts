import { PromfleetError } from "../../errors/promfleet-error.ts";
import { companionOf, findProgram } from "./find-program.ts";
import { installedPrograms, type Unusable } from "./installed-programs.ts";
import { type Environment, type FoundProgram, type ProgramName, programNames, programs } from "./program.ts";

/** What one program's search finds on this machine, without downloading anything. */
export interface ProgramSurvey {
  name: ProgramName;
  /** What is used where no version is asked for; absent where nothing is found. */
  used?: SurveyedProgram;
  /** Everything that runs, newest first. */
  found: readonly SurveyedProgram[];
  /** What bears the name and cannot be used. */
  unusable: readonly Unusable[];
  /** The variable that names a path, and what it says. */
  environment: { variable: string; value: string | undefined };
  /** Why nothing would be used although a path was named. */
  error?: string;
}

export interface SurveyedProgram extends FoundProgram {
  /** The path of promtool or amtool beside it. */
  companion: string | undefined;
}

/** Looks for every program. Never rejects. */
export async function surveyPrograms(env: Environment): Promise<readonly ProgramSurvey[]> {
  return Promise.all(programNames.map((name) => survey(name, env)));
}

async function survey(name: ProgramName, env: Environment): Promise<ProgramSurvey> {
  const { variable } = programs[name];
  const installed = await installedPrograms(name, env);
  const found = await Promise.all(installed.found.map(withCompanion));
  const base = { name, found, unusable: installed.unusable, environment: { variable, value: env[variable] } };
  if (!env[variable]) return found[0] ? { ...base, used: found[0] } : base;
  try {
    return { ...base, used: await withCompanion(await findProgram(name, {}, env)) };
  } catch (error) {
    if (error instanceof PromfleetError) return { ...base, error: error.complaints[0].message };
    throw error;
  }
}

async function withCompanion(program: FoundProgram): Promise<SurveyedProgram> {
  return { ...program, companion: await companionOf(program) };
}
