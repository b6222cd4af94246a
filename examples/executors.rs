//! The three executors of asyncio's `run_in_executor`, side by side: the loop's own pool, a pool of
//! one's own, and a pool of processes; and what happens without any.
//!
//! Beside each runs a heartbeat, a task that sleeps a millisecond at a time: how late it comes at
//! worst says how long the loop was held.
//!
//! ```text
//! cargo run --release --example executors --features process-pool
//! ```
#![allow(clippy::print_stdout)]

use std::{
    cell::Cell,
    env, fs,
    hint::black_box,
    io,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use glassloop::{
    Pool, gather, offload,
    process::{Command, ProcessPool, worker},
    sleep, spawn, timeout,
};

/// Waits for something, as a disk or a library does.
fn wait(ms: u64) -> io::Result<usize> {
    thread::sleep(Duration::from_millis(ms));
    fs::read(env::current_exe()?).map(|bytes| bytes.len())
}

/// Computes something, whether or not anybody looks at it.
fn compute(n: u64) -> u64 {
    let step = |sum: u64, i| (sum ^ (sum >> 7)).wrapping_mul(6_364_136_223_846_793_005) ^ i;
    black_box((0..black_box(n)).fold(1, step))
}

const WAIT_MS: u64 = 100;
const STEPS: u64 = 30_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // In a worker process this is all that happens.
    worker()
        .job("wait", |ms: u64| wait(ms).unwrap_or_default())
        .job("compute", compute)
        .job("crash", |()| -> u64 { std::process::abort() })
        .job("hang", |()| thread::sleep(Duration::MAX))
        .serve();

    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    glassloop::run(async {
        println!("{:<36} {:>8}   the loop was held", "four jobs, two of each kind", "took");
        row("on the loop", async {
            for _ in 0..2 {
                wait(WAIT_MS).unwrap_or_default();
                compute(STEPS);
            }
        })
        .await;
        row("its own pool: offload", async {
            let waits = [0; 2].map(|_| offload(|| wait(WAIT_MS)));
            let sums = [0; 2].map(|_| offload(|| compute(STEPS)));
            gather(waits).await;
            gather(sums).await;
        })
        .await;
        row("a pool of one thread: Pool::new(1)", async {
            let disk = Pool::new(1);
            let waits = [0; 2].map(|_| disk.offload(|| wait(WAIT_MS)));
            let sums = [0; 2].map(|_| disk.offload(|| compute(STEPS)));
            gather(waits).await;
            gather(sums).await;
        })
        .await;

        let pool = ProcessPool::new(Command::new(env::current_exe()?));
        row("processes: ProcessPool::new(itself)", async {
            let waits = [0; 2].map(|_| pool.call::<usize>("wait", &WAIT_MS));
            let sums = [0; 2].map(|_| pool.call::<u64>("compute", &STEPS));
            assert!(gather(waits).await.iter().all(Result::is_ok));
            assert!(gather(sums).await.iter().all(Result::is_ok));
        })
        .await;

        // What only a process can do: fall over, or be stopped in its middle.
        let Err(crashed) = pool.call::<u64>("crash", &()).await else { panic!("it crashes") };
        println!("\n{crashed}");
        let hanging = timeout(Duration::from_millis(50), pool.call::<()>("hang", &())).await;
        println!("a job that hangs, given 50 ms: {}", hanging.expect_err("it hangs"));
        let sum = pool.call::<u64>("compute", &10).await?;
        println!("and the next one: {sum}");
        Ok::<_, Box<dyn std::error::Error>>(())
    })??;
    Ok(())
}

/// Does the work beside a heartbeat, and prints how long each took.
async fn row(name: &str, work: impl Future<Output = ()>) {
    let worst = Rc::new(Cell::new(Duration::ZERO));
    let beats = Rc::clone(&worst);
    let beat = Duration::from_millis(1);
    let heart = spawn(async move {
        loop {
            let begun = Instant::now();
            sleep(beat).await;
            beats.set(beats.get().max(begun.elapsed().saturating_sub(beat)));
        }
    });
    sleep(2 * beat).await;
    let begun = Instant::now();
    work.await;
    let took = begun.elapsed();
    sleep(2 * beat).await;
    heart.abort();
    println!("{name:<36} {:>5} ms   {:>5.1} ms", took.as_millis(), worst.get().as_secs_f64() * 1e3);
}
