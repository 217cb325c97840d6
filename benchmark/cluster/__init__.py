"""Run many trainings and evaluations on many processes or machines, with the same bytes.

The work is cut into tasks (`task`). A task's id is the hash of all that decides its bytes.
Its file is published in a folder that all processes share (`place`), and the first
complete file wins. So a task may be lost, repeated or done twice at any moment, and the
bytes stay the same. An executor only decides where a task runs: in a pool of processes
(`pool`) or on a Ray cluster (`on_ray`).

    task, conditions          what a task is, and what decides its bytes
    place, worker             the shared folder, and how one task is done
    schedule, flow, share,
    retries                   which task runs when
    pool, on_ray, process     where it runs, and what runs in a worker process
    log, summary, reasons     what became of each task
    grid_file, plan           the trainings and evaluations that a user asks for
"""
