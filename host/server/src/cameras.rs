//! The cameras of the host itself: each publishes a stream as a client would, and draws or fetches nothing while nobody
//! watches. Each has a thread, so that a picture that takes its time holds up no socket.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use slewgate_engine::Surroundings;
use slewgate_simulator::Pointing;
use slewgate_simulator::camera::{Camera as StarCamera, CameraSettings};
use slewgate_sky::SharedClock;
use tokio::runtime::Handle;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::Bytes;
use tokio_util::sync::CancellationToken;

use crate::config::{CameraDevice, Config, Site};
use crate::liveview::{Publisher, Streams};

/// The cameras, until they are closed.
pub(crate) struct Cameras {
    threads: Vec<JoinHandle<()>>,
    stopping: CancellationToken,
}

/// A camera on a simulated mount.
struct Simulated {
    camera: StarCamera,
    mount: Arc<dyn Pointing>,
    clock: SharedClock,
    /// Pictures so far: each has a noise of its own.
    taken: u64,
}

/// When pictures are due, and where they go.
struct Film {
    publisher: Publisher,
    every: Interval,
    stopping: CancellationToken,
}

impl Cameras {
    /// Starts all that the configuration has. They publish from now on, so that no client takes their names.
    pub(crate) fn start(
        config: &Config,
        mounts: &BTreeMap<String, Arc<dyn Pointing>>,
        surroundings: &Surroundings,
        streams: &Arc<Streams>,
    ) -> Result<Cameras> {
        let mut cameras = Cameras {
            threads: Vec::new(),
            stopping: CancellationToken::new(),
        };
        for (name, camera) in &config.cameras {
            let CameraDevice::Simulator { line, settings } = &camera.device;
            let mount = mounts
                .get(line)
                .with_context(|| format!("the line {line} is no simulated mount"))?;
            let site = config.site.unwrap_or(Site::SIMULATED);
            let mut simulated = Simulated::new(*settings, site, Arc::clone(mount), surroundings);
            let by = format!("[cameras.{name}], which is simulated");
            let publisher = streams
                .publish(name, &by)
                .with_context(|| format!("cannot start the camera {name}"))?;
            cameras.spawn(name, publisher, camera.every, move || simulated.picture())?;
            tracing::info!(camera = name, line, "simulating a camera");
        }
        Ok(cameras)
    }

    /// Ends them all, and waits for it: at most for the picture that each is about.
    pub(crate) fn close(self) {
        self.stopping.cancel();
        for thread in self.threads {
            let _ = thread.join();
        }
    }

    /// Publishes what `take` takes, in a thread of its own.
    fn spawn(
        &mut self,
        name: &str,
        publisher: Publisher,
        every: Duration,
        take: impl FnMut() -> Result<Vec<u8>> + Send + 'static,
    ) -> io::Result<()> {
        let runtime = Handle::current();
        let mut every = interval(every);
        // After a pause the next picture is taken at once, and those that were not taken are not made up for.
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let film = Film {
            publisher,
            every,
            stopping: self.stopping.clone(),
        };
        let camera = name.to_owned();
        let thread = thread::Builder::new().name(format!("camera {name}"));
        self.threads.push(thread.spawn(move || {
            if let Err(error) = film.expose(&runtime, take) {
                tracing::error!(camera, error = format!("{error:#}"), "the camera ends");
            }
        })?);
        Ok(())
    }
}

impl Film {
    /// Takes a picture whenever one is due, until it is told to end.
    fn expose(mut self, runtime: &Handle, mut take: impl FnMut() -> Result<Vec<u8>>) -> Result<()> {
        while runtime.block_on(self.due()) {
            self.publisher.frame(Bytes::from(take()?))?;
        }
        Ok(())
    }

    /// Waits until somebody watches and it is time for the next picture. False: it is time to end.
    async fn due(&mut self) -> bool {
        let time = async {
            self.publisher.watched().await;
            self.every.tick().await;
        };
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => false,
            () = time => true,
        }
    }
}

impl Simulated {
    fn new(
        settings: CameraSettings,
        site: Site,
        mount: Arc<dyn Pointing>,
        surroundings: &Surroundings,
    ) -> Self {
        let sky = (*surroundings.sky).clone();
        Self {
            camera: StarCamera::new(settings, site.position(), sky),
            mount,
            clock: Arc::clone(&surroundings.clock),
            taken: 0,
        }
    }

    /// What is seen now. The mount is asked where its axes point, without a word on its line.
    fn picture(&mut self) -> Result<Vec<u8>> {
        self.taken += 1;
        let (towards, at) = (self.mount.pointing(), self.clock.now());
        Ok(self.camera.jpeg(towards, at, self.taken)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// What the live view takes for a JPEG.
    const PICTURE: [u8; 14] = [
        0xff, 0xd8, 0xff, 0xc0, 0, 2, 0xff, 0xda, 0, 2, 1, 1, 0xff, 0xd9,
    ];

    fn idle() -> Cameras {
        Cameras {
            threads: Vec::new(),
            stopping: CancellationToken::new(),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_camera_takes_pictures_while_somebody_watches_and_only_then() {
        const EVERY: Duration = Duration::from_millis(2);
        let streams = Streams::new(1);
        let publisher = streams.publish("main", "a test").unwrap();
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&taken);
        let mut cameras = idle();
        let take = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(PICTURE.to_vec())
        };
        cameras.spawn("main", publisher, EVERY, take).unwrap();
        tokio::time::sleep(EVERY * 10).await;
        assert_eq!(taken.load(Ordering::SeqCst), 0);
        for _ in 0..2 {
            let mut viewer = streams.watch("main").unwrap();
            for _ in 0..3 {
                viewer.next().await.unwrap();
            }
            drop(viewer);
            let before = taken.load(Ordering::SeqCst);
            tokio::time::sleep(EVERY * 10).await;
            // The one that was due when the last viewer left.
            assert!(taken.load(Ordering::SeqCst) <= before + 1);
        }
        cameras.close();
        assert!(streams.names().is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_camera_that_fails_ends_its_stream_and_no_other() {
        let streams = Streams::new(2);
        let mut cameras = idle();
        for (name, works) in [("broken", false), ("main", true)] {
            let publisher = streams.publish(name, "a test").unwrap();
            let take = move || {
                anyhow::ensure!(works, "no film");
                Ok(PICTURE.to_vec())
            };
            cameras
                .spawn(name, publisher, Duration::from_millis(2), take)
                .unwrap();
        }
        assert!(streams.watch("broken").unwrap().next().await.is_none());
        assert!(streams.watch("main").unwrap().next().await.is_some());
        assert_eq!(streams.names(), ["main"]);
        cameras.close();
    }
}
