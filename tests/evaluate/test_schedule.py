import threading

from omniactor.evaluate.schedule import Job, Schedule


def jobs(**counts):
    return [Job(int(task[1:]), episode) for task, count in counts.items() for episode in range(count)]


def test_one_worker_runs_task_by_task_in_order_of_episodes():
    schedule = Schedule(jobs(t4=2, t1=2))
    assert [schedule.take("a") for _ in range(5)] == [(4, 0), (4, 1), (1, 0), (1, 1), None]


def test_two_workers_keep_to_their_own_tasks():
    schedule = Schedule(jobs(t4=3, t1=3))
    taken = [schedule.take(worker) for worker in "abab"]
    assert taken == [(4, 0), (1, 0), (4, 1), (1, 1)]


def test_an_idle_worker_helps_from_the_end_and_leaves_the_last_episode_to_the_worker_with_the_scene():
    schedule = Schedule(jobs(t4=4))
    assert schedule.take("a") == (4, 0)
    assert schedule.take("b") == (4, 3)
    assert schedule.take("b") == (4, 1)
    assert schedule.take("c") is None
    assert schedule.take("a") == (4, 2)


def test_the_task_of_a_lost_worker_is_taken_over():
    schedule = Schedule(jobs(t4=2))
    assert schedule.take("a") == (4, 0)
    assert schedule.take("b") is None
    schedule.leave("a")
    assert schedule.take("b") == (4, 1)
    assert len(schedule) == 0


def test_many_threads_get_every_job_once():
    schedule = Schedule(jobs(t1=200, t2=3, t3=100, t4=1))
    taken = []

    def work():
        while (job := schedule.take(threading.get_ident())) is not None:
            taken.append(job)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(jobs(t1=200, t2=3, t3=100, t4=1))
