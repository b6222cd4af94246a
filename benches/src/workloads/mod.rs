//! The workloads: what is measured, by name, in the order of the table.

#[cfg(feature = "observe")]
mod crowd;
mod deferred;
mod host_call;
mod idle;
mod idle_cpu;
#[cfg(feature = "observe")]
mod inspected;
pub mod memory;
mod offload;
mod ping_pong;
mod pump_idle;
pub mod pump_overrun;
#[cfg(feature = "observe")]
mod recording;
mod spawn;
pub mod tcp;
mod timers;
mod ws_broadcast;
pub mod ws_echo;
mod ws_memory;
mod yields;

use std::time::Duration;

use crate::contest::{Contestant, Reading};
use crate::effort::Effort;
use crate::floors::{MONOIO, TOKIO};
#[cfg(feature = "observe")]
use crate::floors::{NOT_RECORDED, OBSERVE_OFF};
use crate::machine::Processors;
use crate::measure::{Measure, Unit};
use crate::peer::{Inbox, Tasks};
#[cfg(feature = "ours")]
use crate::peers::ours::{Ours, Precise, Spinning};
use crate::peers::{calloop, monoio, smol, tokio};
use crate::raw::Raw;
use crate::websocket;

/// One workload, as the command line and the table know it.
pub struct Workload {
    /// What `--only` takes.
    pub name: &'static str,
    /// What the table says.
    pub title: &'static str,
    pub measures: &'static [Measure],
    /// Rounds of a full run.
    pub rounds: usize,
    /// The peers that the table takes ratios to.
    pub ratios_to: [&'static str; 2],
    /// The peers that take part, ready to run.
    pub enter: fn(Effort, Processors) -> Vec<Contestant>,
}

const NANOS_A_TASK: &[Measure] = &[Measure { name: "a task", unit: Unit::Nanos }];

const NANOS_A_TIMER: &[Measure] = &[Measure { name: "a timer", unit: Unit::Nanos }];

const RUNTIMES: [&str; 2] = [TOKIO, MONOIO];

const WEBSOCKETS: [&str; 2] = [websocket::server::DEFAULT, websocket::server::BARE];

/// Peers of one library, which differ in how far it is looked into.
#[cfg(feature = "observe")]
const INSPECTION: [&str; 2] = [OBSERVE_OFF, NOT_RECORDED];

/// All of them.
pub const ALL: &[Workload] = &[
    Workload {
        name: "spawn-join",
        title: "spawn and join, batches of 1,000",
        measures: NANOS_A_TASK,
        rounds: 11,
        ratios_to: RUNTIMES,
        enter: |effort, _| {
            of_tasks(spawn::SpawnJoin { tasks: effort.operations(1_000_000), batch: 1_000 })
        },
    },
    Workload {
        name: "million",
        title: "a million spawned at once, then joined",
        measures: NANOS_A_TASK,
        rounds: 9,
        ratios_to: RUNTIMES,
        enter: |effort, _| {
            // A smaller sample would fit into the caches: only the smoke run takes one.
            let tasks = if effort == Effort::Smoke { 2_000 } else { 1_000_000 };
            of_tasks(spawn::SpawnJoin { tasks, batch: tasks })
        },
    },
    Workload {
        name: "yield",
        title: "yield, 1,000 tasks x 1,000",
        measures: &[Measure { name: "a poll", unit: Unit::Nanos }],
        rounds: 11,
        ratios_to: RUNTIMES,
        enter: |effort, _| {
            of_tasks(yields::Yields { tasks: 1_000, yields: effort.operations(1_000) })
        },
    },
    Workload {
        name: "ping-pong",
        title: "ping-pong of two tasks",
        measures: &[Measure { name: "a round trip", unit: Unit::Nanos }],
        rounds: 11,
        ratios_to: RUNTIMES,
        enter: |effort, _| of_tasks(ping_pong::PingPong { trips: effort.operations(1_000_000) }),
    },
    Workload {
        name: "fire",
        title: "100,000 timers fire in a second",
        measures: &[
            Measure { name: "processor time a timer", unit: Unit::Nanos },
            Measure { name: "late, p50", unit: Unit::Micros },
            Measure { name: "late, p99", unit: Unit::Micros },
        ],
        rounds: 7,
        ratios_to: RUNTIMES,
        enter: |effort, _| {
            let span = effort.time(Duration::from_secs(1));
            let fire = timers::Fire { timers: span.as_micros() as u64 / 10, span };
            let mut contestants = of_tasks(fire);
            contestants.extend([
                #[cfg(feature = "ours")]
                Contestant::new(<Precise as Tasks>::NAME, move || fire.sample::<Precise>()),
            ]);
            contestants
        },
    },
    Workload {
        name: "arm-cancel",
        title: "arm and cancel a timer, 1,000 alive",
        measures: NANOS_A_TIMER,
        rounds: 11,
        ratios_to: RUNTIMES,
        enter: |effort, _| {
            let timers = arm_cancel(effort, timers::Company::None);
            let mut contestants = of_tasks(timers);
            contestants.push(Contestant::new(calloop::Calloop::NAME, move || timers.calloop()));
            contestants
        },
    },
    Workload {
        name: "arm-cancel-nearer",
        title: "arm and cancel beside a nearer deadline",
        measures: NANOS_A_TIMER,
        rounds: 11,
        ratios_to: RUNTIMES,
        enter: |effort, _| of_tasks(arm_cancel(effort, timers::Company::Nearer)),
    },
    deferred::workload::<1>("defer-1", "calls from 1 thread"),
    deferred::workload::<2>("defer-2", "calls from 2 threads"),
    deferred::workload::<4>("defer-4", "calls from 4 threads"),
    Workload {
        name: "idle",
        title: "a call wakes a sleeping loop",
        measures: &[
            Measure { name: "p50", unit: Unit::Micros },
            Measure { name: "p99", unit: Unit::Micros },
        ],
        rounds: 7,
        ratios_to: RUNTIMES,
        enter: |effort, processors| {
            let wake = idle::IdleWake { wakes: effort.operations(250), processors };
            let mut contestants = of_inboxes(wake);
            contestants.extend([
                #[cfg(feature = "ours")]
                Contestant::new(<Spinning as Inbox>::NAME, move || wake.sample::<Spinning>()),
            ]);
            contestants
        },
    },
    tcp::workload::<1>("tcp-1", "TCP echo, 1 connection"),
    tcp::workload::<64>("tcp-64", "TCP echo, 64 connections"),
    tcp::workload::<1_000>("tcp-1000", "TCP echo, 1,000 connections"),
    Workload {
        name: "memory",
        title: "a million pending tasks",
        measures: &[Measure { name: "a task", unit: Unit::Bytes }],
        rounds: 3,
        ratios_to: RUNTIMES,
        enter: |effort, _| memory::contestants(effort),
    },
    ws_echo::workload::<1>("ws-1", "WebSocket echo, 1 connection"),
    ws_echo::workload::<64>("ws-64", "WebSocket echo, 64 connections"),
    ws_echo::workload::<1_000>("ws-1000", "WebSocket echo, 1,000 connections"),
    ws_broadcast::WORKLOAD,
    ws_memory::WORKLOAD,
    host_call::WORKLOAD,
    offload::WORKLOAD,
    pump_idle::WORKLOAD,
    pump_overrun::WORKLOAD,
    idle_cpu::WORKLOAD,
    #[cfg(feature = "observe")]
    recording::workload::<1_000>("recording", "recording, 1,000 tasks that yield"),
    #[cfg(feature = "observe")]
    recording::workload::<1>("recording-alone", "recording, a task that yields, alone in its turn"),
    #[cfg(feature = "observe")]
    inspected::WORKLOAD,
    #[cfg(feature = "observe")]
    crowd::WORKLOAD,
];

fn arm_cancel(effort: Effort, company: timers::Company) -> timers::ArmCancel {
    // At least a few times as many as are alive.
    let operations = effort.operations(1_000_000).max(4_000);
    timers::ArmCancel { operations, alive: 1_000, company }
}

/// A workload of tasks or timers, the same for every peer.
pub trait OfTasks: Copy + 'static {
    fn sample<P: Tasks>(self) -> Reading;
}

fn of_tasks<W: OfTasks>(workload: W) -> Vec<Contestant> {
    vec![
        #[cfg(feature = "ours")]
        Contestant::new(<Ours as Tasks>::NAME, move || workload.sample::<Ours>()),
        Contestant::new(<tokio::Tokio as Tasks>::NAME, move || workload.sample::<tokio::Tokio>()),
        Contestant::new(tokio::TokioLocalSet::NAME, move || {
            workload.sample::<tokio::TokioLocalSet>()
        }),
        Contestant::new(<smol::Smol as Tasks>::NAME, move || workload.sample::<smol::Smol>()),
        Contestant::new(<monoio::Monoio as Tasks>::NAME, move || {
            workload.sample::<monoio::Monoio>()
        }),
        Contestant::new(<Raw as Tasks>::NAME, move || workload.sample::<Raw>()),
    ]
}

/// A workload of calls from other threads, the same for every peer.
pub trait OfInboxes: Copy + 'static {
    fn sample<P: Inbox>(self) -> Reading;
}

fn of_inboxes<W: OfInboxes>(workload: W) -> Vec<Contestant> {
    vec![
        #[cfg(feature = "ours")]
        Contestant::new(<Ours as Inbox>::NAME, move || workload.sample::<Ours>()),
        Contestant::new(<tokio::Tokio as Inbox>::NAME, move || workload.sample::<tokio::Tokio>()),
        Contestant::new(<smol::Smol as Inbox>::NAME, move || workload.sample::<smol::Smol>()),
        Contestant::new(<calloop::Calloop as Inbox>::NAME, move || {
            workload.sample::<calloop::Calloop>()
        }),
        Contestant::new(<Raw as Inbox>::NAME, move || workload.sample::<Raw>()),
    ]
}
